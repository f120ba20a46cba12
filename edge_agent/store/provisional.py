"""Visits under an untrusted clock that wait for their time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any, Literal

from edge_agent.model.kinds.attendance import Provisional, Recognition
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.facts import decode, fact_id
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Kept:
    """A visit as it was stored; `fact` is its fact's id."""

    visit: str
    trainee: str
    stamp: Stamp
    method: Literal["face", "manual"]
    kiosk: str
    by: str
    reason: str
    recognition: Recognition | None
    fact: int


def keep(tx: Transaction, visit: Provisional, stamp: Stamp, *, by: str) -> None:
    """Append the fact and the row that waits; `stamp` is when the visit was, by the untrusted clock."""
    fact = tx.append(visit, by=by)
    tx.execute(
        "INSERT INTO provisional(visit, trainee, boot_id, boottime, wall, method, fact) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            visit.visit,
            visit.trainee,
            stamp.boot_id,
            stamp.boottime,
            to_micros(stamp.wall),
            visit.method,
            fact_id(fact.epoch, fact.seq),
        ),
    )


def is_kept(connection: sqlite3.Connection, visit: str, trainee: str) -> bool:
    sql = "SELECT 1 FROM provisional WHERE visit = ? AND trainee = ?"
    return connection.execute(sql, (visit, trainee)).fetchone() is not None


def count_waiting(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM provisional WHERE outcome IS NULL").fetchone()[0])


def waiting(connection: sqlite3.Connection) -> list[Kept]:
    """Give the visits that nobody has judged, in the order in which they were stored."""
    return [
        _kept(row)
        for row in connection.execute(
            "SELECT provisional.*, body, link FROM provisional JOIN facts ON facts.id = fact"
            " WHERE outcome IS NULL ORDER BY fact"
        )
    ]


def settled(tx: Transaction, kept: Kept, outcome: str) -> None:
    tx.execute(
        "UPDATE provisional SET outcome = ? WHERE visit = ? AND trainee = ?", (outcome, kept.visit, kept.trainee)
    )


def _kept(row: sqlite3.Row) -> Kept:
    fact = decode(row["body"], row["link"])
    recognition: dict[str, Any] | None = fact.data["recognition"]
    return Kept(
        visit=row["visit"],
        trainee=row["trainee"],
        stamp=Stamp(from_micros(row["wall"]), row["boot_id"], row["boottime"], Trust.UNTRUSTED, fact.stamp.max_error),
        method=row["method"],
        kiosk=fact.data["kiosk"],
        by=fact.by,
        reason=fact.data["reason"],
        recognition=None if recognition is None else Recognition(**recognition),
        fact=row["fact"],
    )
