"""Who signed in and out: one row a unit, trainee and direction, written with its fact or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.kinds.attendance import Corrected, Counted, SignedIn
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.facts import fact_id
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap that counts; `fact` is the fact's id."""

    class_id: str
    unit: str
    trainee: str
    direction: str
    at: datetime
    method: str
    visit: str
    lesson: str
    reason: str
    fact: int


def record(tx: Transaction, tap: Counted, *, by: str = "", policy: str | None = None) -> bool:
    """Append a sign-in or sign-out and its row; False, and nothing written, where one is there already.

    The check and the write share the transaction's lock, so two kiosks and a double click give one fact.
    """
    direction = "in" if isinstance(tap, SignedIn) else "out"
    if tx.execute(
        "SELECT 1 FROM taps WHERE class_id = ? AND unit = ? AND trainee = ? AND direction = ? AND NOT corrected",
        (tap.class_id, tap.unit, tap.trainee, direction),
    ).fetchone():
        return False
    fact = tx.append(tap, by=by, policy=policy)
    tx.execute(
        "INSERT OR REPLACE INTO taps(class_id, unit, trainee, direction, at, method, visit, lesson, reason, fact)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tap.class_id,
            tap.unit,
            tap.trainee,
            direction,
            to_micros(tap.at),
            tap.method,
            tap.visit,
            tap.lesson,
            tap.reason,
            fact_id(fact.epoch, fact.seq),
        ),
    )
    return True


def correct(tx: Transaction, correction: Corrected, *, by: str) -> None:
    """Declare a tap wrong: the fact stays, the row no longer counts."""
    tx.append(correction, by=by)
    tx.execute(
        "UPDATE taps SET corrected = 1 WHERE class_id = ? AND unit = ? AND trainee = ? AND direction = ?",
        (correction.class_id, correction.unit, correction.trainee, correction.direction),
    )


def of_trainee(connection: sqlite3.Connection, trainee: str) -> list[Tap]:
    """Give a trainee's taps that count, in order."""
    return _taps(
        connection.execute("SELECT * FROM taps WHERE trainee = ? AND NOT corrected ORDER BY at, fact", (trainee,))
    )


def of_units(connection: sqlite3.Connection, class_id: str, units: tuple[str, ...]) -> list[Tap]:
    """Give the taps of a class's units, in order."""
    marks = ", ".join("?" * len(units))
    sql = f"SELECT * FROM taps WHERE class_id = ? AND unit IN ({marks}) AND NOT corrected ORDER BY at, fact"  # noqa: S608 - marks only
    return _taps(connection.execute(sql, (class_id, *units)))


def of_class(connection: sqlite3.Connection, class_id: str) -> list[Tap]:
    return _taps(
        connection.execute("SELECT * FROM taps WHERE class_id = ? AND NOT corrected ORDER BY at, fact", (class_id,))
    )


def elsewhere(connection: sqlite3.Connection, class_id: str) -> dict[str, list[Tap]]:
    """Give, by trainee of this class, the taps of the same person in classes that are taught in other rooms."""
    found: dict[str, list[Tap]] = {}
    rows = connection.execute(
        "SELECT own.id AS here, taps.* FROM trainees AS own JOIN trainees AS other USING (document)"
        " JOIN taps ON taps.trainee = other.id JOIN lessons AS there ON there.id = taps.lesson"
        " WHERE own.class_id = ? AND own.document != '' AND other.class_id != own.class_id AND NOT corrected"
        " AND there.room NOT IN (SELECT room FROM lessons WHERE class_id = ? AND date = there.date) ORDER BY taps.at",
        (class_id, class_id),
    )
    for row in rows:
        found.setdefault(row["here"], []).append(_tap(row))
    return found


def _tap(row: sqlite3.Row) -> Tap:
    return Tap(
        row["class_id"],
        row["unit"],
        row["trainee"],
        row["direction"],
        from_micros(row["at"]),
        row["method"],
        row["visit"],
        row["lesson"],
        row["reason"],
        row["fact"],
    )


def _taps(rows: sqlite3.Cursor) -> list[Tap]:
    return [_tap(row) for row in rows]
