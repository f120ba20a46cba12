"""Logging in and out, one's own password and language."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from edge_agent.central.pages.guard import COOKIE, Anyone, LoggedIn
from edge_agent.central.staff import login
from edge_agent.furniture.forms import Done, Form, Name, Secret, secure
from edge_agent.furniture.visit import LANGUAGE_COOKIE

router = APIRouter()
_YEARS = 3650 * 86_400


class LoginForm(Form):
    login: Name
    password: Secret


class PasswordForm(Form):
    old: Secret
    new: Secret


class LanguageForm(Form):
    language: Literal["zh_CN", "en"]


@router.post("/sessions", status_code=201)
def log_in(form: LoginForm, view: Anyone, response: Response) -> Done:
    token = login.log_in(view.centre.database, form.login, form.password, address=view.address, now=view.now)
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure(view.request))
    return Done(go="/")


@router.delete("/sessions")
def log_out(visitor: LoggedIn, response: Response) -> Done:
    login.log_out(visitor.centre.database, visitor.session.token)
    response.delete_cookie(COOKIE)
    return Done(go="/login")


@router.put("/me/password")
def change_password(form: PasswordForm, visitor: LoggedIn) -> Done:
    """Change one's own password; other sessions of the account end."""
    login.change_password(
        visitor.centre.database,
        visitor.account,
        form.old,
        form.new,
        token=visitor.session.token,
        now=visitor.now,
    )
    return Done(go="/")


@router.put("/me/language")
def set_language(form: LanguageForm, view: Anyone, response: Response) -> Done:
    response.set_cookie(LANGUAGE_COOKIE, form.language, samesite="strict", secure=secure(view.request), max_age=_YEARS)
    return Done()
