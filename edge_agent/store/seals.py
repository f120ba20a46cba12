"""Signed heads of the journal: ours, a minute apart and at each lesson's end; the centre's are in `outbox`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class StoredSeal:
    """A signature over the head after the fact `id`: `signature` (hex) covers `payload` by the public `key` (hex)."""

    id: int
    payload: str
    key: str
    signature: str
    at: datetime


def keep_seal(tx: Transaction, identifier: int, *, payload: str, key: str, signature: str) -> None:
    tx.execute(
        "INSERT OR IGNORE INTO seals VALUES (?, ?, ?, ?, ?)",
        (identifier, payload, key, signature, to_micros(tx.stamp.wall)),
    )


def list_seals(connection: sqlite3.Connection, *, since: int = 0, until: int | None = None) -> list[StoredSeal]:
    """Give the seals over facts from id `since` to `until`."""
    rows = connection.execute(
        "SELECT * FROM seals WHERE id >= ? AND (? IS NULL OR id <= ?) ORDER BY id", (since, until, until)
    )
    return [StoredSeal(row["id"], row["payload"], row["key"], row["signature"], from_micros(row["at"])) for row in rows]


def last_seal(connection: sqlite3.Connection) -> StoredSeal | None:
    row = connection.execute("SELECT * FROM seals ORDER BY id DESC LIMIT 1").fetchone()
    if row is None:
        return None
    return StoredSeal(row["id"], row["payload"], row["key"], row["signature"], from_micros(row["at"]))
