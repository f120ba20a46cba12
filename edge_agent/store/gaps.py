"""Gaps as they were noticed: why a camera did not record, from when to when."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.kinds.capture import GapClosed, GapOpened
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class NotedGap:
    """`end` is None while the gap is open."""

    camera: str
    lesson: str
    start: datetime
    end: datetime | None
    cause: str


def open_gap(tx: Transaction, gap: GapOpened) -> bool:
    """Append the fact and the row, or the row's better cause; False where the gap has ended or is known as this."""
    key = (gap.lesson, gap.camera, to_micros(gap.start))
    row = tx.execute("SELECT end, cause FROM gaps WHERE lesson = ? AND camera = ? AND start = ?", key).fetchone()
    if row is not None and (row["end"] is not None or row["cause"] == gap.cause):
        return False
    tx.append(gap)
    tx.execute(
        "INSERT INTO gaps(lesson, camera, start, cause) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET cause = excluded.cause",
        (*key, gap.cause),
    )
    return True


def close_gap(tx: Transaction, gap: GapClosed) -> None:
    """Append the fact that a gap ended; one that is noticed only at its end is noted whole."""
    tx.append(gap)
    tx.execute(
        "INSERT INTO gaps(lesson, camera, start, end, cause) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET end = excluded.end, cause = excluded.cause",
        (gap.lesson, gap.camera, to_micros(gap.start), to_micros(gap.end), gap.cause),
    )


def of_lesson(connection: sqlite3.Connection, lesson: str) -> list[NotedGap]:
    return _gaps(connection.execute("SELECT * FROM gaps WHERE lesson = ? ORDER BY start", (lesson,)))


def still_open(connection: sqlite3.Connection) -> list[NotedGap]:
    """Give the gaps that no one has closed: after a restart they go on, or end with what ended them."""
    return _gaps(connection.execute("SELECT * FROM gaps WHERE end IS NULL ORDER BY start"))


def _gaps(rows: sqlite3.Cursor) -> list[NotedGap]:
    return [
        NotedGap(
            row["camera"],
            row["lesson"],
            from_micros(row["start"]),
            None if row["end"] is None else from_micros(row["end"]),
            row["cause"],
        )
        for row in rows
    ]
