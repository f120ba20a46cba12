"""How far the archive disk has got: a number of `media.unarchived`, kept in the database."""

from __future__ import annotations

from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction

_KEY = "archived"


def read_place(connection: Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return 0 if row is None else int(row["value"])


def note_place(tx: Transaction, number: int) -> None:
    tx.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (_KEY, str(number))
    )
