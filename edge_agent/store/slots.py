"""What became of each snapshot slot: taken, missed with a cause, or void with a reason."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.kinds.capture import ClipKept, SlotVoided, SnapshotMissed, SnapshotTaken
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class SlotState:
    """`state` is taken, missed or void; `media` names the file of a taken one, `cause` says why of the others."""

    id: str
    lesson: str
    state: str
    media: str
    cause: str
    at: datetime


def note_taken(tx: Transaction, taken: SnapshotTaken | ClipKept, *, policy: str | None = None) -> bool:
    """Append the fact and fill the slot; False, and nothing written, where it is filled already.

    A missed slot may still be filled: from our own recording, if a frame lies inside its window.
    """
    if _state(tx, taken.slot) == "taken":
        return False
    tx.append(taken, policy=policy)
    _put(tx, taken.slot, taken.lesson, "taken", media=taken.media)
    return True


def note_missed(tx: Transaction, missed: SnapshotMissed, *, policy: str | None = None) -> bool:
    """Append the fact that a slot's window has passed without a picture; once."""
    if _state(tx, missed.slot) is not None:
        return False
    tx.append(missed, policy=policy)
    _put(tx, missed.slot, missed.lesson, "missed", cause=missed.cause)
    return True


def note_void(tx: Transaction, void: SlotVoided, *, policy: str | None = None) -> bool:
    """Append the fact that a slot is owed no more; a picture that was taken stays."""
    if _state(tx, void.slot) in {"taken", "void"}:
        return False
    tx.append(void, policy=policy)
    _put(tx, void.slot, void.lesson, "void", cause=void.reason)
    return True


def of_lesson(connection: sqlite3.Connection, lesson: str) -> list[SlotState]:
    rows = connection.execute("SELECT * FROM slots WHERE lesson = ? ORDER BY at, id", (lesson,))
    return [
        SlotState(row["id"], row["lesson"], row["state"], row["media"] or "", row["cause"], from_micros(row["at"]))
        for row in rows
    ]


def _state(tx: Transaction, slot: str) -> str | None:
    row = tx.execute("SELECT state FROM slots WHERE id = ?", (slot,)).fetchone()
    return None if row is None else str(row["state"])


def _put(tx: Transaction, slot: str, lesson: str, state: str, *, media: str = "", cause: str = "") -> None:
    tx.execute(
        "INSERT OR REPLACE INTO slots(id, lesson, state, media, cause, at) VALUES (?, ?, ?, ?, ?, ?)",
        (slot, lesson, state, media or None, cause, to_micros(tx.stamp.wall)),
    )
