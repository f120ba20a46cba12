"""What a request to a page or to the API always has: a language, a way to make a page, rules of who is let in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from edge_agent.errors import EdgeAgentError, ForbiddenError
from edge_agent.furniture.shield import FORM_HEADER, SAFE, is_token_of
from edge_agent.furniture.words import languages

LANGUAGE_COOKIE = "ea_language"


class LoginRequiredError(EdgeAgentError):
    """Nobody is logged in: a page sends to the login, the API answers 401."""

    exit_code = 3
    status = 401

    def __init__(self) -> None:
        super().__init__("Not logged in (请先登录).", do="Log in.")


class PasswordChangeRequiredError(EdgeAgentError):
    """A first password opens only the page that changes it."""

    exit_code = 3
    status = 403


@dataclass(frozen=True)
class Look(ABC):
    """A request, and how it is answered with a page. Each program says its time, zone, words and what pages need."""

    request: Request

    @property
    @abstractmethod
    def now(self) -> datetime: ...

    @property
    @abstractmethod
    def zone(self) -> ZoneInfo: ...

    @property
    @abstractmethod
    def usual_language(self) -> str:
        """The language of who has chosen none."""

    @abstractmethod
    def environment(self) -> Environment:
        """The program's templates in this language and zone."""

    @property
    def language(self) -> str:
        chosen = self.request.cookies.get(LANGUAGE_COOKIE, "")
        return chosen if chosen in languages() else self.usual_language

    @property
    def address(self) -> str:
        return self.request.client.host if self.request.client else ""

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        given = {"view": self, "now": self.now, "path": self.request.url.path, "account": None, "csrf": ""}
        given |= self.extra() | context
        return HTMLResponse(self.environment().get_template(template).render(given), status)

    def extra(self) -> dict[str, Any]:
        """What every page of the program is given besides."""
        return {}


def check_token(request: Request, token: str) -> None:
    """Refuse a change that was not sent by a page of this session."""
    if request.method not in SAFE and not is_token_of(request.headers.get(FORM_HEADER, ""), token):
        raise ForbiddenError("The form's token is missing or old (表单已过期).", do="Load the page again.")


def check_role(*, must_change: bool, allowed: bool) -> None:
    """Refuse who has a first password still, and who has another role."""
    if must_change:
        raise PasswordChangeRequiredError("Change the first password first (请先修改初始密码).", do="Open /password.")
    if not allowed:
        raise ForbiddenError("Your role does not allow this (没有权限).", do="Log in with another account.")
