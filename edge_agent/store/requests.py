"""What one service wants of another: a row that the other one answers, or that expires."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Request:
    """`state` is asked, taken, done, failed or expired; `answer` is the other service's JSON."""

    id: str
    kind: str
    args: dict[str, Any]
    by: str
    asked: datetime
    expires: datetime
    state: str
    answer: dict[str, Any] | None


def ask(tx: Transaction, kind: str, args: dict[str, Any], *, by: str, ttl: timedelta) -> str:
    """File a request and give its id."""
    identifier = secrets.token_hex(8)
    now = tx.stamp.wall
    tx.execute(
        "INSERT INTO requests(id, kind, args, by, asked, expires) VALUES (?, ?, ?, ?, ?, ?)",
        (identifier, kind, json.dumps(args), by, to_micros(now), to_micros(now + ttl)),
    )
    return identifier


def take(tx: Transaction, kinds: tuple[str, ...]) -> list[Request]:
    """Take all open requests of `kinds`; each is given to one taker only. Expired ones are marked, not given."""
    now = to_micros(tx.stamp.wall)
    tx.execute("UPDATE requests SET state = 'expired' WHERE state = 'asked' AND expires < ?", (now,))
    marks = ", ".join("?" * len(kinds))
    rows = tx.execute(
        f"UPDATE requests SET state = 'taken' WHERE state = 'asked' AND kind IN ({marks}) RETURNING *",  # noqa: S608 - marks only
        kinds,
    ).fetchall()
    return sorted((_request(row) for row in rows), key=lambda request: request.asked)


def reopen(tx: Transaction, kinds: tuple[str, ...]) -> None:
    """Ask again what their only taker had in hand when it was killed."""
    marks = ", ".join("?" * len(kinds))
    tx.execute(f"UPDATE requests SET state = 'asked' WHERE state = 'taken' AND kind IN ({marks})", kinds)  # noqa: S608 - marks only


def answer(tx: Transaction, identifier: str, result: dict[str, Any], *, failed: bool = False) -> None:
    tx.execute(
        "UPDATE requests SET state = ?, answer = ? WHERE id = ? AND state = 'taken'",
        ("failed" if failed else "done", json.dumps(result, ensure_ascii=False), identifier),
    )


def find(connection: sqlite3.Connection, identifier: str) -> Request | None:
    row = connection.execute("SELECT * FROM requests WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else _request(row)


def finished(connection: sqlite3.Connection, kind: str, now: datetime) -> list[Request]:
    """Give the requests of a kind that nobody will answer any more: done, failed or expired."""
    rows = connection.execute(
        "SELECT * FROM requests WHERE kind = ? AND (state IN ('done', 'failed', 'expired') OR expires < ?)"
        " ORDER BY asked",
        (kind, to_micros(now)),
    )
    return [_request(row) for row in rows]


def recent(connection: sqlite3.Connection, kind: str, limit: int) -> list[Request]:
    """Give the requests of a kind, the newest first."""
    rows = connection.execute("SELECT * FROM requests WHERE kind = ? ORDER BY asked DESC LIMIT ?", (kind, limit))
    return [_request(row) for row in rows]


def drop(tx: Transaction, identifier: str) -> bool:
    """Delete a request whose answer has been put to use."""
    return tx.execute("DELETE FROM requests WHERE id = ?", (identifier,)).rowcount == 1


def withdraw(tx: Transaction, identifier: str) -> bool:
    """Take back a request that nobody has taken; whether that was so."""
    return tx.execute("DELETE FROM requests WHERE id = ? AND state = 'asked'", (identifier,)).rowcount == 1


def waiting(connection: sqlite3.Connection, kinds: tuple[str, ...]) -> bool:
    """Say, without the write lock, whether `take` would find anything."""
    marks = ", ".join("?" * len(kinds))
    sql = f"SELECT EXISTS(SELECT 1 FROM requests WHERE state = 'asked' AND kind IN ({marks}))"  # noqa: S608 - marks only
    return bool(connection.execute(sql, kinds).fetchone()[0])


def forget(tx: Transaction, before: datetime) -> int:
    """Delete answered and expired requests asked before `before`."""
    return tx.execute("DELETE FROM requests WHERE state != 'asked' AND asked < ?", (to_micros(before),)).rowcount


def _request(row: sqlite3.Row) -> Request:
    return Request(
        id=row["id"],
        kind=row["kind"],
        args=json.loads(row["args"]),
        by=row["by"],
        asked=from_micros(row["asked"]),
        expires=from_micros(row["expires"]),
        state=row["state"],
        answer=None if row["answer"] is None else json.loads(row["answer"]),
    )
