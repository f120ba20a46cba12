"""Tokens, revocation, commands."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import StringConstraints

from edge_agent.central import commands, registry
from edge_agent.central.enrolment import make_token
from edge_agent.central.pages.guard import Administrator, Owner
from edge_agent.errors import ConflictError, InputError
from edge_agent.furniture.forms import Done, Form, Name, Text, Told
from edge_agent.sync.contract.commands import command_name, parse_args

router = APIRouter()
_BY_TABLE = {"roster", "timetable", "teachers", "media.presigned"}


class TokenForm(Form):
    tenant: Name
    venue: Text = ""
    agent: Text = ""


class TokenTold(Told):
    """Shown once: it is kept as a hash."""

    token: str
    command: str


class CommandForm(Form):
    """`command` is JSON text, as `docs/contract` has it."""

    command: Annotated[str, StringConstraints(min_length=2, max_length=100_000)]


class ReasonForm(Form):
    reason: Name


@router.post("/tokens", status_code=201)
def token(form: TokenForm, visitor: Owner) -> TokenTold:
    with visitor.writing() as tx:
        made = make_token(tx, form.tenant, agent=form.agent, venue=form.venue, now=visitor.now)
        tx.run("INSERT INTO tenants(tenant) VALUES (%s) ON CONFLICT DO NOTHING", (form.tenant,))
        visitor.note(tx, "token.made", form.tenant, f"{form.venue} {form.agent}".strip())
    http = visitor.centre.config.agents_http or str(visitor.request.base_url).rstrip("/")
    return TokenTold(token=made, command=f"edge-agent provision --url {http} --token {made}")


@router.post("/venues/{number}/revocation")
def revoke(number: int, form: ReasonForm, visitor: Owner) -> Done:
    """Take nothing from this agent any more; its certificates go onto the revocation list."""
    with visitor.reading() as tx:
        agent = registry.get(tx, number)
    if agent.revoked:
        raise ConflictError("It is revoked already (已吊销).")
    visitor.centre.enrolment.revoke(agent.address, visitor.now)
    with visitor.writing() as tx:
        visitor.note(tx, "venue.revoked", f"{agent.address.tenant}/{agent.address.agent}", form.reason)
    return Done(id=str(number))


@router.post("/venues/{number}/commands", status_code=201)
def send(number: int, form: CommandForm, visitor: Administrator) -> Done:
    """Sign a command for one agent and leave it to the workers."""
    args = parse_args(form.command.encode())
    name = command_name(args)
    if name in _BY_TABLE:
        raise InputError(f"{name} is sent by its own page (请使用对应页面下发).")
    if name in {"upgrade", "trust_key"} and not visitor.scope.everything:
        raise InputError(f"{name}: only by an administrator of the whole centre (仅全局管理员可下发).")
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        agent = registry.get(tx, number)
        if agent.revoked:
            raise ConflictError("The agent is revoked (终端已吊销).")
        identifier = commands.issue(tx, visitor.centre.signer, agent, args, by=visitor.by, now=visitor.now)
        shown = msgspec.json.encode(args).decode()[:300]
        visitor.note(tx, f"command.{name}", f"{agent.address.tenant}/{agent.address.agent}", shown)
    return Done(id=identifier, go=f"/venues/{number}")
