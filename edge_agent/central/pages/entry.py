"""The door: login, the first password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.central.pages.guard import Anyone, LoggedIn
from edge_agent.central.staff.accounts import list_accounts

router = APIRouter()


@router.get("/healthz")
def health(view: Anyone) -> Response:
    with view.reading() as tx:
        tx.row("SELECT 1")
    return Response("ok\n", media_type="text/plain")


@router.get("/login")
def login(view: Anyone, following: Annotated[str, Query(alias="next", max_length=200)] = "/") -> Response:
    with view.reading() as tx:
        new = not list_accounts(tx)
    own = following if following.startswith("/") and not following.startswith(("//", "/\\")) else "/"
    return view.page("entry/login.html", following=own, new=new)


@router.get("/password")
def password(visitor: LoggedIn) -> Response:
    return visitor.page("entry/password.html")
