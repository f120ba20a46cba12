"""The door: first run, login, the first password, where each role goes on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from edge_agent.errors import EdgeAgentError, NotFoundError
from edge_agent.store.accounts import Role
from edge_agent.web.api.base import at_the_device
from edge_agent.web.auth.login import has_administrator
from edge_agent.web.guard import KIOSK_COOKIE, Anyone, LoggedIn, Member, View, allow, logged_in

router = APIRouter()

HOME = {
    Role.ADMINISTRATOR: "/console",
    Role.INSPECTOR: "/inspect",
    Role.INSTRUCTOR: "/teach",
    Role.TRAINEE: "/me",
}


@router.get("/healthz")
def health(view: Anyone) -> Response:
    with view.reading() as connection:
        has_administrator(connection)
    return Response("ok\n", media_type="text/plain")


@router.get("/metrics")
def metrics(view: Anyone) -> Response:
    """What `upkeep` measured last, for a Prometheus on this device; from elsewhere an administrator may look."""
    if not at_the_device(view):
        allow(Role.ADMINISTRATOR)(view.request)
    try:
        measured = view.site.settings.store.metrics.read_text()
    except FileNotFoundError as error:
        raise NotFoundError("Nothing was measured yet (还没有指标).", do="Wait a minute, or start upkeep.") from error
    return Response(measured, media_type="text/plain; version=0.0.4")


@router.get("/")
def door(view: Anyone) -> Response:
    """Send everybody where they belong."""
    if is_new(view):
        return RedirectResponse("/setup", 303)
    try:
        visitor = logged_in(view.request)
    except EdgeAgentError:
        paired = KIOSK_COOKIE in view.request.cookies
        return RedirectResponse("/kiosk" if paired else "/login", 303)
    return RedirectResponse(HOME[visitor.account.role], 303)


@router.get("/login")
def login(view: Anyone, following: Annotated[str, Query(alias="next", max_length=200)] = "/") -> Response:
    if is_new(view):
        return RedirectResponse("/setup", 303)
    own = following if following.startswith("/") and not following.startswith(("//", "/\\")) else "/"
    return view.page("entry/login.html", following=own)


@router.get("/password")
def password(visitor: LoggedIn) -> Response:
    return visitor.page("entry/password.html")


@router.get("/live")
def live(visitor: Member) -> StreamingResponse:
    """Tell a page that something changed."""
    return StreamingResponse(visitor.site.live.stream(), media_type="text/event-stream")


def is_new(view: View) -> bool:
    """Say whether nobody can administer this device yet."""
    with view.reading() as connection:
        return not has_administrator(connection)
