"""Who may open a page or call the API: the session behind the cookie, the role, the scope, the form's token."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment

from edge_agent.central.centre import Centre
from edge_agent.central.database import Tx
from edge_agent.central.guard import centre_of
from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Account, Role, Scope
from edge_agent.central.staff.login import Session, find_session
from edge_agent.central.views import venues
from edge_agent.central.views.venues import Venue
from edge_agent.errors import ForbiddenError
from edge_agent.furniture.pages import Pages
from edge_agent.furniture.shield import csrf_token
from edge_agent.furniture.visit import LoginRequiredError, Look, check_role, check_token
from edge_agent.furniture.words import SOURCE

PAGES = Pages(Path(__file__).parents[1])
COOKIE = "ea_centre"


@dataclass(frozen=True)
class View(Look):
    """A request's centre, language and way to make a page. `Visitor` adds who asks."""

    centre: Centre

    @property
    def now(self) -> datetime:
        return self.centre.clock.stamp().wall

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.centre.config.zone)

    @property
    def usual_language(self) -> str:
        return SOURCE

    def environment(self) -> Environment:
        return PAGES.environment(self.language, self.zone.key)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def reading(self) -> AbstractContextManager[Tx]:
        return self.centre.database.read()

    def writing(self) -> AbstractContextManager[Tx]:
        return self.centre.database.write()

    def extra(self) -> dict[str, Any]:
        return {"query": {name: value for name, value in self.request.query_params.items() if name != "page"}}


@dataclass(frozen=True)
class Visitor(View):
    """Somebody who is logged in."""

    account: Account
    session: Session
    csrf: str

    @property
    def scope(self) -> Scope:
        return self.account.scope

    @property
    def by(self) -> str:
        return self.account.login

    def venue(self, tx: Tx, number: int) -> Venue:
        """Give a venue of one's scope. Raises `NotFoundError`."""
        return venues.get_venue(tx, self.scope, number, self.now)

    def note(self, tx: Tx, action: str, subject: str, detail: str = "") -> None:
        accounts.note(tx, at=self.now, by=self.by, action=action, subject=subject, detail=detail)

    def extra(self) -> dict[str, Any]:
        return super().extra() | {"account": self.account, "csrf": self.csrf}


def anyone(request: Request) -> View:
    return View(request, centre_of(request))


def logged_in(request: Request) -> Visitor:
    """Give who asks, also one whose first password must be changed."""
    centre, token = centre_of(request), request.cookies.get(COOKIE, "")
    found = find_session(centre.database, token, centre.clock.stamp().wall) if token else None
    if found is None:
        raise LoginRequiredError
    check_token(request, token)
    session, account = found
    return Visitor(request, centre, account, session, csrf_token(token))


def allow(*roles: Role) -> Callable[[Request], Visitor]:
    """Give the dependency that lets only these roles through."""

    def guard(request: Request) -> Visitor:
        visitor = logged_in(request)
        check_role(must_change=visitor.account.must_change, allowed=visitor.account.role in roles)
        return visitor

    return guard


def everything(request: Request) -> Visitor:
    """Let those through who administer the whole centre."""
    visitor = allow(Role.ADMINISTRATOR)(request)
    if not visitor.scope.everything:
        raise ForbiddenError("Your scope does not allow this (仅全局管理员可操作).")
    return visitor


Anyone = Annotated[View, Depends(anyone)]
LoggedIn = Annotated[Visitor, Depends(logged_in)]
Reader = Annotated[Visitor, Depends(allow(*Role))]
Inspector = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR, Role.INSPECTOR))]
"""Who acts for the district: approves, samples, asks for recordings."""
Administrator = Annotated[Visitor, Depends(allow(Role.ADMINISTRATOR))]
"""Who commands the venues of a scope."""
Owner = Annotated[Visitor, Depends(everything)]
"""Who administers the centre itself: accounts, certificates, tenants."""
