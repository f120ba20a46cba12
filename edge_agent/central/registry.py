"""The agents that the centre knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import to_micros
from edge_agent.errors import ConflictError, NotFoundError
from edge_agent.sync.contract.topics import Address


@dataclass(frozen=True, slots=True)
class AgentRow:
    """`number` stands for the agent in every table; `public` is its Ed25519 key in hex."""

    number: int
    address: Address
    venue: str
    public: str
    revoked: bool


_COLUMNS = "number, tenant, agent, venue, public, revoked"


def enrol(tx: Tx, address: Address, *, public: str, venue: str, now: datetime) -> int:
    """Make an agent known, or give a known one another key and take back its revocation; give its number.

    Raises `ConflictError` where another tenant has an agent of this name.
    """
    tx.run("INSERT INTO tenants(tenant) VALUES (%s) ON CONFLICT DO NOTHING", (address.tenant,))
    row = tx.row(
        "INSERT INTO agents(tenant, agent, venue, public, created) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT(agent) DO UPDATE SET public = excluded.public, venue = excluded.venue, revoked = NULL"
        " WHERE agents.tenant = excluded.tenant RETURNING number",
        (address.tenant, address.agent, venue, public, to_micros(now)),
    )
    if row is None:
        raise ConflictError(f"Another tenant has an agent {address.agent} (终端名称已被占用).", do="Take another name.")
    return int(row[0])


def find(tx: Tx, address: Address) -> AgentRow | None:
    row = tx.row(f"SELECT {_COLUMNS} FROM agents WHERE tenant = %s AND agent = %s", (address.tenant, address.agent))  # noqa: S608 - a constant
    return None if row is None else _agent(row)


def get(tx: Tx, number: int) -> AgentRow:
    """Give an agent by its number. Raises `NotFoundError`."""
    row = tx.row(f"SELECT {_COLUMNS} FROM agents WHERE number = %s", (number,))  # noqa: S608 - a constant
    if row is None:
        raise NotFoundError("No such venue (没有此培训点).")
    return _agent(row)


def list_agents(tx: Tx, tenant: str = "") -> list[AgentRow]:
    """Give the agents of a tenant, or all of them, by name."""
    rows = tx.rows(f"SELECT {_COLUMNS} FROM agents WHERE %s IN ('', tenant) ORDER BY tenant, agent", (tenant,))  # noqa: S608 - a constant
    return [_agent(row) for row in rows]


def lock(tx: Tx, addresses: Iterable[Address]) -> Mapping[Address, AgentRow]:
    """Lock the rows of these agents until the commit, in one order, so that two workers can't wait for each other."""
    wanted = set(addresses)
    if not wanted:
        return {}
    names = {address.agent for address in wanted}  # unique in all tenants, and what the index is on
    marks = ", ".join(["%s"] * len(names))
    rows = tx.rows(
        f"SELECT {_COLUMNS} FROM agents WHERE agent IN ({marks}) ORDER BY number FOR UPDATE",  # noqa: S608 - marks only
        list(names),
    )
    found = [_agent(row) for row in rows]
    return {agent.address: agent for agent in found if agent.address in wanted}


def revoke(tx: Tx, address: Address, *, now: datetime) -> bool:
    """From now on nothing of this agent is taken; False for one that is unknown."""
    changed = tx.run(
        "UPDATE agents SET revoked = %s WHERE tenant = %s AND agent = %s",
        (to_micros(now), address.tenant, address.agent),
    )
    return changed == 1


def _agent(row: Row) -> AgentRow:
    number, tenant, agent, venue, public, revoked = row
    return AgentRow(number, Address(tenant, agent), venue, public, revoked is not None)
