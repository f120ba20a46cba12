"""Commands of the centre: each id is carried out once, and its answer kept for whoever asks again."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.store.database import Connection, from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """A command that was received: `request` is what it waits for, `answer` the JSON that was given."""

    id: str
    command: str
    received: datetime
    request: str | None
    answer: str | None


def find(connection: Connection, identifier: str) -> Taken | None:
    row = connection.execute("SELECT * FROM commands WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else _taken(row)


def waiting(connection: Connection) -> list[Taken]:
    """Give those that another service has not answered yet, oldest first."""
    return [_taken(row) for row in connection.execute("SELECT * FROM commands WHERE answer IS NULL ORDER BY received")]


def take(tx: Transaction, identifier: str, command: str, *, request: str | None = None) -> None:
    tx.execute(
        "INSERT INTO commands(id, command, received, request) VALUES (?, ?, ?, ?)",
        (identifier, command, to_micros(tx.stamp.wall), request),
    )


def answer(tx: Transaction, identifier: str, text: str) -> None:
    tx.execute("UPDATE commands SET answer = ? WHERE id = ?", (text, identifier))


def forget(tx: Transaction, before: datetime) -> int:
    """Forget answered commands received before `before`, and marks that old: every command before has expired."""
    tx.execute(
        "DELETE FROM meta WHERE key GLOB 'centre.* *' AND CAST(value AS INTEGER) < ?",  # when one was issued
        (to_micros(before),),
    )
    return tx.execute("DELETE FROM commands WHERE answer IS NOT NULL AND received < ?", (to_micros(before),)).rowcount


def find_mark(connection: Connection, name: str) -> int:
    """Give how far the centre's commands about one thing have come: its revision, or when the last was issued."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (f"centre.{name}",)).fetchone()
    return 0 if row is None else int(row[0])


def set_mark(tx: Transaction, name: str, revision: int) -> None:
    tx.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
        (f"centre.{name}", str(revision)),
    )


def _taken(row: sqlite3.Row) -> Taken:
    return Taken(row["id"], row["command"], from_micros(row["received"]), row["request"], row["answer"])
