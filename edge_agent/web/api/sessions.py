"""Logging in and out, passwords and PINs of one's own, language."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from edge_agent.furniture.shield import csrf_token
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.store import sessions
from edge_agent.web.api.base import PUBLIC, Done, Form, Identifier, Instant, Name, Secret, Told, secure
from edge_agent.web.auth import login
from edge_agent.web.guard import COOKIE, KIOSK_COOKIE, Anyone, LoggedIn, Member, View

router = APIRouter(tags=["sessions"])
_YEARS = 3650 * 86_400


class LoginForm(Form):
    login: Name
    password: Secret


class PinForm(Form):
    account: Identifier
    pin: Secret


class CodeForm(Form):
    code: Secret


class PasswordForm(Form):
    old: Secret
    new: Secret


class NewPinForm(Form):
    pin: Secret


class LanguageForm(Form):
    language: Literal["zh_CN", "en"]


class SessionTold(Told):
    """`token` is for programs, as `Authorization: Bearer`; browsers have it in a cookie."""

    token: str
    csrf: str
    go: str = "/"


class SessionSeen(Told):
    opened: Instant
    seen: Instant
    method: str
    address: str
    mine: bool


def keep(view: View, response: Response, token: str, *, go: str = "/") -> SessionTold:
    """Give the browser its session."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure(view.request))
    return SessionTold(token=token, csrf=csrf_token(token), go=go)


@router.post("/sessions", status_code=201, openapi_extra=PUBLIC)
def log_in(form: LoginForm, view: Anyone, response: Response) -> SessionTold:
    """Log in by name and password."""
    return keep(view, response, login.log_in(view.site, form.login, form.password, address=view.address))


@router.post("/sessions/pin", status_code=201, openapi_extra=PUBLIC)
def log_in_by_pin(form: PinForm, view: Anyone, response: Response) -> SessionTold:
    """Log an instructor in at a kiosk."""
    token = login.log_in_by_pin(view.site, form.account, form.pin, address=view.address)
    return keep(view, response, token, go="/teach")


@router.post("/sessions/kiosk", status_code=201, openapi_extra=PUBLIC)
def pair(form: CodeForm, view: Anyone, response: Response) -> Done:
    """Make this device a kiosk, by the pairing code that an administrator was given."""
    token = login.pair(view.site, form.code, address=view.address)
    response.set_cookie(
        KIOSK_COOKIE, token, httponly=True, samesite="strict", secure=secure(view.request), max_age=_YEARS
    )
    return Done(go="/kiosk")


@router.get("/sessions")
def my_sessions(visitor: LoggedIn) -> list[SessionSeen]:
    """Give the open sessions of one's own account."""
    with visitor.reading() as connection:
        found = sessions.sessions_of(connection, visitor.account.id)
    return [
        SessionSeen(
            opened=each.opened,
            seen=each.seen,
            method=each.method,
            address=each.address,
            mine=each.token == visitor.session.token,
        )
        for each in found
    ]


@router.delete("/sessions")
def log_out(visitor: LoggedIn, response: Response) -> Done:
    login.log_out(visitor.site, visitor.session)
    response.delete_cookie(COOKIE)
    return Done(go="/")


@router.delete("/sessions/others")
def log_out_elsewhere(visitor: LoggedIn) -> Done:
    """End every other session of one's own account: a tablet that was left somewhere. `id` is how many."""
    ended = visitor.site.writer.run(
        lambda tx: sessions.revoke_all(tx, visitor.account.id, by=visitor.by, keep=visitor.session.token)
    )
    return Done(id=str(ended))


@router.put("/me/password")
def change_password(form: PasswordForm, visitor: LoggedIn) -> Done:
    """Change one's own password; other sessions of the account end."""
    login.change_password(visitor.site, visitor.account, form.old, form.new, session=visitor.session)
    return Done(go="/")


@router.put("/me/pin")
def set_pin(form: NewPinForm, visitor: Member) -> Done:
    """Set one's own PIN for kiosks."""
    login.set_pin(visitor.site, visitor.account, form.pin, by=visitor.by)
    return Done()


@router.put("/me/language", openapi_extra=PUBLIC)
def set_language(form: LanguageForm, view: Anyone, response: Response) -> Done:
    response.set_cookie(LANGUAGE_COOKIE, form.language, samesite="strict", secure=secure(view.request), max_age=_YEARS)
    return Done()
