"""First run: the one-time code, and the first administrator."""

from __future__ import annotations

from fastapi import APIRouter, Response

from edge_agent.web.api.base import PUBLIC, Form, Name, Secret
from edge_agent.web.api.sessions import SessionTold, keep
from edge_agent.web.auth import login
from edge_agent.web.guard import Anyone

router = APIRouter(tags=["setup"])


class FirstRunForm(Form):
    code: Secret
    login: Name
    name: Name
    password: Secret


@router.post("/setup", status_code=201, openapi_extra=PUBLIC)
def first_run(form: FirstRunForm, view: Anyone, response: Response) -> SessionTold:
    """Make the first administrator, with the code that the device shows."""
    token = login.first_run(
        view.site, form.code, login=form.login, name=form.name, password=form.password, address=view.address
    )
    return keep(view, response, token, go="/setup")
