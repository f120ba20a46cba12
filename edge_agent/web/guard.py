"""Who may call a handler: the session behind the cookie or token, the role, the form's token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment

from edge_agent.furniture.shield import csrf_token
from edge_agent.furniture.visit import LoginRequiredError, Look, check_role, check_token
from edge_agent.store import accounts, kiosks, sessions
from edge_agent.store.accounts import Account, Role
from edge_agent.store.database import Connection
from edge_agent.store.kiosks import Kiosk
from edge_agent.store.sessions import Session
from edge_agent.web.auth.login import IDLE
from edge_agent.web.render import environment
from edge_agent.web.site import Site

COOKIE = "ea_session"
KIOSK_COOKIE = "ea_kiosk"
_TOUCH = timedelta(minutes=1)


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


@dataclass(frozen=True)
class View(Look):
    """A request's site, language and way to make a page. `Visitor` adds who asks."""

    site: Site

    @property
    def now(self) -> datetime:
        return self.site.now().wall

    @property
    def zone(self) -> ZoneInfo:
        """The venue's time zone."""
        return self.site.policies(self.site.settings.policy).policy.zone

    @property
    def usual_language(self) -> str:
        return self.site.settings.language

    def environment(self) -> Environment:
        return environment(self.language, self.zone.key)

    def reading(self) -> AbstractContextManager[Connection]:
        return self.site.readers()

    def extra(self) -> dict[str, Any]:
        return {"site": self.site}


@dataclass(frozen=True)
class Visitor(View):
    """Somebody who is logged in."""

    account: Account
    session: Session
    csrf: str

    @property
    def by(self) -> str:
        return self.account.id

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"account": self.account, "csrf": self.csrf}


def anyone(request: Request) -> View:
    return View(request, site_of(request))


def logged_in(request: Request) -> Visitor:
    """Give who asks, also one whose first password must be changed."""
    site = site_of(request)
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    token = bearer or request.cookies.get(COOKIE, "")
    visitor = _find(request, site, token) if token else None
    if visitor is None:
        raise LoginRequiredError
    if not bearer:
        check_token(request, token)
    return visitor


def _find(request: Request, site: Site, token: str) -> Visitor | None:
    now = site.now().wall
    with site.readers() as connection:
        session = sessions.find_session(connection, token, now)
        if session is None or session.role is Role.KIOSK:
            return None
        idle = IDLE.of(session.method)
        if idle is not None and now - session.seen > idle:
            return None
        account = accounts.get(connection, session.account)
    if not account.active:
        return None
    if now - session.seen > _TOUCH:
        site.writer.run(lambda tx: sessions.touch(tx, session))
    return Visitor(request, site, account, session, csrf_token(token))


def allow(*roles: Role) -> Callable[[Request], Visitor]:
    """Give the dependency that lets only these roles through; without any, everybody who is logged in."""

    def guard(request: Request) -> Visitor:
        visitor = logged_in(request)
        check_role(must_change=visitor.account.must_change, allowed=not roles or visitor.account.role in roles)
        return visitor

    return guard


def member_of(site: Site, token: str, *roles: Role) -> Account | None:
    """Give who holds this session, for a WebSocket: one of `roles`, who may do more than change a first password."""
    now = site.now().wall
    with site.readers() as connection:
        session = sessions.find_session(connection, token, now)
        if session is None or session.role not in roles:
            return None
        account = accounts.get(connection, session.account)
    return account if account.active and not account.must_change else None


def kiosk_of(site: Site, token: str) -> Kiosk | None:
    """Give the kiosk device that holds this token."""
    with site.readers() as connection:
        session = sessions.find_session(connection, token, site.now().wall)
        if session is None or session.role is not Role.KIOSK:
            return None
        kiosk = kiosks.get_kiosk(connection, session.account)
    return kiosk if kiosk.active else None


Anyone = Annotated[View, Depends(anyone)]
LoggedIn = Annotated[Visitor, Depends(logged_in)]
Member = Annotated[Visitor, Depends(allow())]
Administrator = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR))]
Instructor = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR, Role.INSTRUCTOR))]
Inspector = Annotated[Visitor, Depends(allow(Role.INSPECTOR))]
Office = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR, Role.INSPECTOR))]
"""Who reads everything of the venue; changes are an administrator's."""
Staff = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR, Role.INSPECTOR, Role.INSTRUCTOR))]
Trainee = Annotated[Visitor, Depends(allow(Role.TRAINEE))]
