"""Kiosks: devices that stand in a room, log in once, and show nobody's data."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from edge_agent.errors import unknown
from edge_agent.model.kinds.people import KioskPaired
from edge_agent.store.database import Connection, to_micros
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Kiosk:
    """`room` is empty at an entrance that serves all rooms; `camera` is empty for the browser's own."""

    id: str
    name: str
    room: str = ""
    camera: str = ""
    active: bool = True
    seen: datetime | None = None


def new_kiosk_id() -> str:
    return f"k-{secrets.token_hex(4)}"


def save_kiosk(tx: Transaction, kiosk: Kiosk, *, by: str) -> None:
    row = to_row(kiosk)
    tx.execute(insert("kiosks", row, replace="id"), row)
    tx.append(KioskPaired(kiosk=kiosk.id, room=kiosk.room, active=kiosk.active), by=by)


def get_kiosk(connection: Connection, identifier: str) -> Kiosk:
    row = connection.execute("SELECT * FROM kiosks WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise unknown(identifier, "打卡终端", "kiosk")
    return from_row(Kiosk, row)


def list_kiosks(connection: Connection, *, inactive: bool = False) -> list[Kiosk]:
    rows = connection.execute("SELECT * FROM kiosks WHERE active OR ? ORDER BY name, id", (int(inactive),))
    return [from_row(Kiosk, row) for row in rows]


def note_seen(tx: Transaction, kiosk: str) -> None:
    tx.execute("UPDATE kiosks SET seen = ? WHERE id = ?", (to_micros(tx.stamp.wall), kiosk))
