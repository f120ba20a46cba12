"""Commands to agents: signed once, published by any worker until they are answered or expired."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.registry import AgentRow
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, read_page
from edge_agent.sync.contract.commands import AnyArgs, Command, command_name
from edge_agent.sync.contract.messages import Result
from edge_agent.sync.contract.signing import Purpose, Signer
from edge_agent.sync.contract.topics import Address

LIFE = timedelta(days=2)
AGAIN = timedelta(minutes=1)
"""A command that nobody answers is published again after this, as long as its agent is online."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command and, once there is one, its last result; `answered` when that was final."""

    id: str
    name: str
    by: str
    issued: datetime
    expires: datetime
    result: Result | None
    answered: datetime | None


def issue(
    tx: Tx, signer: Signer, agent: AgentRow, args: AnyArgs, *, by: str, now: datetime, life: timedelta = LIFE
) -> str:
    """Sign a command for one agent and leave it to the workers; give its id."""
    command = Command(
        tenant=agent.address.tenant,
        agent=agent.address.agent,
        id=secrets.token_hex(8),
        issued=now,
        expires=now + life,
        by=by,
        args=args,
    )
    tx.run(
        "INSERT INTO commands(id, agent, name, message, issuer, issued, expires) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            command.id,
            agent.number,
            command_name(args),
            signer.seal(Purpose.COMMAND, command),
            by,
            to_micros(now),
            to_micros(command.expires),
        ),
    )
    return command.id


def take_due(tx: Tx, now: datetime) -> Iterator[tuple[Address, bytes]]:
    """Give what is to be published now; of several workers one gets each."""
    micros = to_micros(now)
    rows = tx.rows(
        "UPDATE commands SET sent = %s WHERE answered IS NULL AND expires > %s AND sent < %s"
        " AND agent IN (SELECT number FROM agents WHERE online = 1 AND revoked IS NULL) RETURNING agent, message",
        (micros, micros, micros - AGAIN // _MICROSECOND),
    )
    for number, message in rows:
        row = tx.row("SELECT tenant, agent FROM agents WHERE number = %s", (number,))
        if row is not None:
            yield Address(*row), message


def send_again(tx: Tx, agent: AgentRow) -> None:
    """The agent has come back: whatever it has not answered goes at once."""
    tx.run("UPDATE commands SET sent = 0 WHERE agent = %s AND answered IS NULL", (agent.number,))


def note_result(tx: Tx, agent: AgentRow, result: Result, now: datetime) -> bool:
    """Keep an agent's answer; False for a command that it was not given, or has answered before."""
    final = None if result.result == "taken" else to_micros(now)
    changed = tx.run(
        "UPDATE commands SET result = %s, answered = %s WHERE id = %s AND agent = %s AND answered IS NULL",
        (msgspec.json.encode(result).decode(), final, result.id, agent.number),
    )
    return changed == 1


def find(tx: Tx, identifier: str) -> CommandRow | None:
    rows = _read(tx, "id = %s", identifier)
    return rows[0] if rows else None


def of_agent(tx: Tx, agent: AgentRow, limit: int = 1000) -> list[CommandRow]:
    """Give an agent's commands, newest first."""
    return _read(tx, "agent = %s", agent.number, limit)


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command as the office sees it: `state` is waiting, taken, expired, or its final result."""

    agent: int
    venue: str
    row: CommandRow
    state: str


_STATES = {
    "waiting": "answered IS NULL AND expires > %s",
    "expired": "answered IS NULL AND expires <= %s",
    "answered": "answered IS NOT NULL AND %s > 0",
}


def page_commands(tx: Tx, scope: Scope, now: datetime, *, state: str = "", page: int = 1) -> Page[SentCommand]:
    """Give the commands to the venues of a scope, newest first."""
    condition, values = scope.where("tenant")
    source, given = f"commands JOIN agents ON number = commands.agent WHERE {condition}", list[str | int](values)
    if state in _STATES:
        source += f" AND {_STATES[state]}"
        given.append(to_micros(now))

    def make(row: Row) -> SentCommand:
        agent, venue, *rest = row
        command = _command(rest)
        told = command.result.result if command.result else "waiting"
        return SentCommand(agent, venue, command, told if command.answered or command.expires > now else "expired")

    columns = f"number, coalesce(nullif(venue, ''), agents.agent), {_COLUMNS}"
    return read_page(tx, columns, source, given, order="issued DESC, commands.id", number=page, make=make)


_COLUMNS = "commands.id, name, issuer, issued, expires, result, answered"


def _read(tx: Tx, where: str, value: str | int, limit: int = 1) -> list[CommandRow]:
    sql = f"SELECT {_COLUMNS} FROM commands WHERE {where} ORDER BY issued DESC LIMIT %s"  # noqa: S608 - constants of this module
    return [_command(row) for row in tx.rows(sql, (value, limit))]


def _command(row: Sequence[Any]) -> CommandRow:
    identifier, name, by, issued, expires, result, answered = row
    return CommandRow(
        identifier,
        name,
        by,
        from_micros(issued),
        from_micros(expires),
        msgspec.json.decode(result, type=Result) if result else None,
        None if answered is None else from_micros(answered),
    )
