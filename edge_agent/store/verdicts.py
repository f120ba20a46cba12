"""The last verdict that was given on each lesson: a fact follows only when it changes."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.kinds.plan import VerdictGiven
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Given:
    lesson: str
    class_id: str
    verdict: str
    reasons: tuple[str, ...]
    at: datetime


def give(tx: Transaction, given: VerdictGiven, *, policy: str) -> bool:
    """Append the fact and keep it; False, and nothing written, where the same was said before."""
    reasons = json.dumps(given.reasons)
    row = tx.execute("SELECT verdict, reasons FROM verdicts WHERE lesson = ?", (given.lesson,)).fetchone()
    if row is not None and (row["verdict"], row["reasons"]) == (given.verdict, reasons):
        return False
    tx.append(given, policy=policy)
    tx.execute(
        "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)",
        (given.lesson, given.class_id, given.verdict, reasons, to_micros(given.at)),
    )
    return True


def list_given(connection: sqlite3.Connection, *, class_id: str = "", since: datetime | None = None) -> list[Given]:
    """Give the verdicts of a class, or of all, given `since` then, the newest first."""
    rows = connection.execute(
        "SELECT * FROM verdicts WHERE ? IN ('', class_id) AND at >= ? ORDER BY at DESC, lesson",
        (class_id, 0 if since is None else to_micros(since)),
    )
    return [
        Given(row["lesson"], row["class_id"], row["verdict"], tuple(json.loads(row["reasons"])), from_micros(row["at"]))
        for row in rows
    ]
