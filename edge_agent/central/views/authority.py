"""Certificates and open tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.views.paging import Page, like, read_page


@dataclass(frozen=True, slots=True)
class Certificate:
    """`state` is good, expired or revoked."""

    serial: str
    number: int
    tenant: str
    agent: str
    venue: str
    issued: datetime
    expires: datetime
    revoked: datetime | None
    shut_out: bool
    state: str


@dataclass(frozen=True, slots=True)
class Token:
    tenant: str
    agent: str
    venue: str
    expires: datetime


def list_certificates(tx: Tx, now: datetime, *, words: str = "", page: int = 1) -> Page[Certificate]:
    """Give certificates, the newest first."""
    source, values = "certificates JOIN agents ON number = certificates.agent", list[str]()
    if words.strip():
        source += " WHERE (lower(venue) LIKE %s ESCAPE '!' OR lower(agents.agent) LIKE %s ESCAPE '!')"
        values = [like(words.strip())] * 2

    def make(row: Row) -> Certificate:
        serial, number, tenant, agent, venue, issued, expires, revoked, shut_out = row
        state = "revoked" if revoked is not None else "expired" if expires <= to_micros(now) else "good"
        gone = None if revoked is None else from_micros(revoked)
        return Certificate(
            serial,
            number,
            tenant,
            agent,
            venue,
            from_micros(issued),
            from_micros(expires),
            gone,
            shut_out is not None,
            state,
        )

    return read_page(
        tx,
        "serial, number, tenant, agents.agent, venue, issued, expires, certificates.revoked, agents.revoked",
        source,
        values,
        order="issued DESC, serial",
        number=page,
        make=make,
    )


def list_tokens(tx: Tx, now: datetime) -> list[Token]:
    """Give tokens that wait for their device."""
    rows = tx.rows(
        "SELECT tenant, agent, venue, expires FROM tokens WHERE used = '' AND expires > %s ORDER BY expires LIMIT 200",
        (to_micros(now),),
    )
    return [Token(tenant, agent, venue, from_micros(expires)) for tenant, agent, venue, expires in rows]
