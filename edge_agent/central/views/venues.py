"""Venues: each is one agent, with what it says of itself and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, like, read_page
from edge_agent.errors import NotFoundError

SILENT = timedelta(minutes=3)
"""An agent tells its state every minute; unheard for this long its state is unknown, whatever it said last."""

LATE = timedelta(hours=1)
"""A fact that waits longer than this is shown as late."""


@dataclass(frozen=True, slots=True)
class Venue:
    """`state` is online, silent (unheard), offline, never or revoked; queue figures count while it is online."""

    number: int
    tenant: str
    tenant_name: str
    district: str
    agent: str
    name: str
    state: str
    heard: datetime | None
    facts: int
    media: int
    media_bytes: int
    oldest: datetime | None
    fact_at: datetime | None
    taken_at: datetime | None
    version: str
    trust: str
    alarms: int

    @property
    def title(self) -> str:
        return self.name or self.agent

    @property
    def lag(self) -> timedelta | None:
        """How late the newest fact came."""
        if self.fact_at is None or self.taken_at is None:
            return None
        return max(self.taken_at - self.fact_at, timedelta(0))

    def age(self, now: datetime) -> timedelta | None:
        """How long the oldest thing in its queue has waited."""
        return None if self.oldest is None else max(now - self.oldest, timedelta(0))


_STATE = (
    "CASE WHEN revoked IS NOT NULL THEN 'revoked' WHEN agents.state_at IS NULL THEN 'never'"
    " WHEN online = 0 THEN 'offline' WHEN agents.state_at < %s THEN 'silent' ELSE 'online' END"
)
_COLUMNS = (
    f"number, agents.tenant, tenants.name, district, agents.agent, venue, {_STATE}, agents.state_at, facts, media,"
    " media_bytes, oldest, fact_at, taken_at, version, trust,"
    " (SELECT count(*) FROM alarms WHERE alarms.agent = number)"
)
_SOURCE = "agents LEFT JOIN standings ON standings.agent = number LEFT JOIN tenants ON tenants.tenant = agents.tenant"
_ORDERS: Mapping[str, str] = {
    "": "agents.tenant, venue, number",
    "oldest": "oldest IS NULL, oldest, number",
    "queue": "coalesce(facts, 0) + coalesce(media, 0) DESC, number",
    "heard": "agents.state_at IS NULL DESC, agents.state_at, number",
}


def list_venues(
    tx: Tx, scope: Scope, now: datetime, *, words: str = "", state: str = "", order: str = "", page: int = 1
) -> Page[Venue]:
    """Give venues by name, queue, age of the oldest fact, or when they were heard."""
    fresh = to_micros(now - SILENT)
    condition, values = scope.where("agents.tenant")
    conditions, bound = [condition], [*values]
    if words.strip():
        conditions.append(
            "(lower(venue) LIKE %s ESCAPE '!' OR lower(agents.agent) LIKE %s ESCAPE '!'"
            " OR lower(tenants.name) LIKE %s ESCAPE '!' OR lower(agents.tenant) LIKE %s ESCAPE '!')"
        )
        bound += [like(words.strip())] * 4
    given: list[str | int] = [*bound]
    if state:
        conditions.append(f"{_STATE} = %s")
        given += [fresh, state]
    source = f"{_SOURCE} WHERE {' AND '.join(conditions)}"
    return read_page(
        tx, _COLUMNS, source, given, order=_ORDERS.get(order, _ORDERS[""]), number=page, make=_venue, before=[fresh]
    )


def list_late(tx: Tx, scope: Scope, now: datetime, limit: int = 8) -> list[Venue]:
    """Give the venues that are heard and whose oldest fact has waited for more than an hour, the worst first."""
    condition, values = scope.where("agents.tenant")
    fresh = to_micros(now - SILENT)
    rows = tx.rows(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE oldest < %s AND online = 1 AND agents.state_at >= %s"
        f" AND revoked IS NULL AND {condition} ORDER BY oldest LIMIT %s",
        [fresh, to_micros(now - LATE), fresh, *values, limit],
    )
    return [_venue(row) for row in rows]


def count_states(tx: Tx, scope: Scope, now: datetime) -> dict[str, int]:
    condition, values = scope.where("agents.tenant")
    rows = tx.rows(
        f"SELECT {_STATE} AS told, count(*) FROM agents WHERE {condition} GROUP BY told",
        [to_micros(now - SILENT), *values],
    )
    return {state: int(count) for state, count in rows}


def get_venue(tx: Tx, scope: Scope, number: int, now: datetime) -> Venue:
    """Give one venue. Raises `NotFoundError` for an unknown one, and for one outside the scope just so."""
    condition, values = scope.where("agents.tenant")
    row = tx.row(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE number = %s AND {condition}",
        [to_micros(now - SILENT), number, *values],
    )
    if row is None:
        raise NotFoundError("No such venue in your scope (没有此培训点，或不在您的管理范围内).")
    return _venue(row)


@dataclass(frozen=True, slots=True)
class Alarm:
    alarm: str
    level: str
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Camera:
    id: str
    name: str
    room: str
    state: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Quarantined:
    at: datetime
    code: str
    place: str
    detail: str


def list_alarms(tx: Tx, number: int) -> list[Alarm]:
    rows = tx.rows("SELECT alarm, level, detail, at FROM alarms WHERE agent = %s ORDER BY level, at", (number,))
    return [Alarm(alarm, level, detail, from_micros(at)) for alarm, level, detail, at in rows]


def list_cameras(tx: Tx, number: int) -> list[Camera]:
    rows = tx.rows(
        "SELECT camera, cameras.name, coalesce(rooms.name, cameras.room), state, at FROM cameras LEFT JOIN rooms"
        " ON rooms.agent = cameras.agent AND rooms.room = cameras.room"
        " WHERE cameras.agent = %s AND bound = 1 ORDER BY cameras.room, cameras.name",
        (number,),
    )
    return [Camera(camera, name, room, state, _instant(at)) for camera, name, room, state, at in rows]


def list_quarantine(tx: Tx, number: int) -> list[Quarantined]:
    """Give the newest of what contradicted what is held."""
    rows = tx.rows(
        "SELECT at, code, epoch, first, last, detail FROM quarantine WHERE agent = %s ORDER BY at DESC LIMIT 20",
        (number,),
    )
    return [
        Quarantined(from_micros(at), code, "" if epoch is None else f"{epoch}/{first}–{last}", detail)
        for at, code, epoch, first, last, detail in rows
    ]


def _venue(row: Row) -> Venue:
    number, tenant, tenant_name, district, agent, name, state, heard, facts, media, size, *rest = row
    oldest, fact_at, taken_at, version, trust, alarms = rest
    return Venue(
        number,
        tenant,
        tenant_name or tenant,
        district or "",
        agent,
        name,
        state,
        _instant(heard),
        facts or 0,
        media or 0,
        size or 0,
        _instant(oldest),
        _instant(fact_at),
        _instant(taken_at),
        version or "",
        trust or "",
        alarms,
    )


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
