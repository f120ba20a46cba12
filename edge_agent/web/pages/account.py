"""我的账号: one's own PIN, password and sessions."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from edge_agent.store.sessions import sessions_of
from edge_agent.web.guard import Staff

router = APIRouter()


@router.get("/account")
def account(visitor: Staff) -> Response:
    with visitor.reading() as connection:
        found = sessions_of(connection, visitor.account.id)
    return visitor.page("account.html", sessions=found)
