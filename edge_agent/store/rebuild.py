"""The tables out of the facts: for a box that replaces a broken one.

What stands in no fact can't come back this way: trainees' rows come from roster documents, cameras and accounts are
made anew, because their passwords left with the old box.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, TypeAlias

from edge_agent.model.fact import Fact
from edge_agent.model.kinds.attendance import Corrected, SignedIn, SignedOut
from edge_agent.model.kinds.capture import ClipKept, SlotVoided, SnapshotMissed, SnapshotTaken
from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn
from edge_agent.model.kinds.plan import ClassSaved, ClassStateChanged, LessonCancelled, LessonSaved, RoomSaved
from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.people import Trainee
from edge_agent.model.roster import read_roster
from edge_agent.store.database import to_micros
from edge_agent.store.documents import Document
from edge_agent.store.facts import fact_id, read_facts
from edge_agent.store.rows import insert, to_row
from edge_agent.store.training import save_trainees
from edge_agent.store.writer import Transaction

Data: TypeAlias = Mapping[str, Any]


def rebuild(tx: Transaction, documents: Iterable[Document]) -> int:
    """Fill the tables from the journal and from `documents`, oldest first; give the number of facts that counted."""
    count = 0
    for fact in read_facts(tx.connection, kinds=tuple(_FOLDS)):
        _FOLDS[fact.kind](tx, fact, fact.data)
        count += 1
    for document in documents:
        row = to_row(document)
        tx.execute(insert("documents", row, replace="id"), row)
        if document.kind == "roster":
            _fold_roster(tx, document)
    return count


def _fold_roster(tx: Transaction, document: Document) -> None:
    """Each version replaces the one before: who is no longer named is no longer active."""
    roster = read_roster(document.body)
    tx.execute("UPDATE trainees SET active = 0 WHERE class_id = ?", (roster.class_id,))
    rows = [json.loads(row.text) for row in roster.rows]
    save_trainees(
        tx,
        [
            Trainee(
                id=row["trainee"],
                class_id=roster.class_id,
                name=row["name"],
                document=row["document"],
                phone=row["phone"],
                document_type=row["document_type"],
                subgroup=row["subgroup"],
                online_periods=row["online_periods"],
                certificate=row["certificate"],
                revision=roster.revision,
            )
            for row in rows
        ],
    )


def _class(tx: Transaction, _: Fact, data: Data) -> None:
    row = {name: data[name] for name in _CLASS} | {"id": data["class_id"], "state": "draft", "opened_by_hand": 0}
    keep = {name: value for name, value in row.items() if name not in {"state", "opened_by_hand"}}
    known = tx.execute("SELECT 1 FROM classes WHERE id = ?", (row["id"],)).fetchone()
    if known is None:
        tx.execute(insert("classes", row), row)
    else:
        tx.execute(f"UPDATE classes SET {', '.join(f'{name} = :{name}' for name in keep)} WHERE id = :id", keep)  # noqa: S608 - names of ours


def _class_state(tx: Transaction, _: Fact, data: Data) -> None:
    tx.execute(
        "UPDATE classes SET state = ?, revision = ?, opened_by_hand = max(opened_by_hand, ?) WHERE id = ?",
        (data["state"], data["revision"], int(data["opened_by_hand"]), data["class_id"]),
    )


def _room(tx: Transaction, _: Fact, data: Data) -> None:
    row = {"id": data["room"], "name": data["name"], "active": int(data["active"])}
    tx.execute(insert("rooms", row, replace="id"), row)


def _lesson(tx: Transaction, _: Fact, data: Data) -> None:
    row = {name: data[name] for name in _LESSON} | {
        "id": data["lesson"],
        "date": date.fromisoformat(data["date"]).isoformat(),
        "start": time.fromisoformat(data["start"]).isoformat(),
        "cameras": json.dumps(data["cameras"], ensure_ascii=False),
        "kind": data["lesson_kind"],
        "ends": data["end"],
        "cancelled": 0,
        "cancel_reason": "",
        "confirmed": int(data["confirmed"]),
    }
    tx.execute(insert("lessons", row, replace="id"), row)


def _lesson_cancelled(tx: Transaction, _: Fact, data: Data) -> None:
    tx.execute(
        "UPDATE lessons SET cancelled = 1, cancel_reason = ?, revision = ? WHERE id = ?",
        (data["reason"], data["revision"], data["lesson"]),
    )


def _tap(tx: Transaction, fact: Fact, data: Data) -> None:
    row = {name: data[name] for name in ("class_id", "unit", "trainee", "method", "visit", "lesson", "reason")} | {
        "direction": "in" if fact.kind == SignedIn.KIND else "out",
        "at": _micros(data["at"]),
        "fact": fact_id(fact.epoch, fact.seq),
        "corrected": 0,
    }
    tx.execute(insert("taps", row, replace="class_id, unit, trainee, direction"), row)


def _corrected(tx: Transaction, _: Fact, data: Data) -> None:
    tx.execute(
        "UPDATE taps SET corrected = 1 WHERE class_id = ? AND unit = ? AND trainee = ? AND direction = ?",
        (data["class_id"], data["unit"], data["trainee"], data["direction"]),
    )


def _consent(tx: Transaction, _: Fact, data: Data) -> None:
    row = {name: data[name] for name in ("trainee", "purpose", "text", "paper")} | {
        "at": _micros(data["at"]),
        "guardian": int(data["guardian"]),
        "withdrawn": None,
    }
    tx.execute(insert("consents", row, replace="trainee, purpose"), row)


def _consent_withdrawn(tx: Transaction, _: Fact, data: Data) -> None:
    tx.execute(
        "UPDATE consents SET withdrawn = ? WHERE trainee = ? AND purpose = ?",
        (_micros(data["at"]), data["trainee"], data["purpose"]),
    )


def _slot(tx: Transaction, fact: Fact, data: Data) -> None:
    state = {SnapshotMissed.KIND: "missed", SlotVoided.KIND: "void"}.get(fact.kind, "taken")
    row = {
        "id": data["slot"],
        "lesson": data["lesson"],
        "state": state,
        "media": data.get("media"),
        "cause": data.get("cause") or data.get("reason") or "",
        "at": to_micros(fact.stamp.wall),
    }
    tx.execute(insert("slots", row, replace="id"), row)


def _anchor(tx: Transaction, fact: Fact, data: Data) -> None:
    tx.execute(
        "INSERT OR IGNORE INTO anchors VALUES (?, ?, ?, ?, ?)",
        (data["boot_id"], data["boottime"], _micros(data["wall"]), data["max_error"], fact_id(fact.epoch, fact.seq)),
    )


def _micros(text: str) -> int:
    return to_micros(datetime.fromisoformat(text))


_CLASS = (
    "code",
    "name",
    "category",
    "opens",
    "closes",
    "required_periods",
    "online_required",
    "policy",
    "owner",
    "revision",
    "size_exception",
)
_LESSON = ("class_id", "periods", "break_minutes", "room", "subject", "teacher", "subgroup", "owner", "revision")

_FOLDS: Mapping[str, Callable[[Transaction, Fact, Data], None]] = {
    ClassSaved.KIND: _class,
    ClassStateChanged.KIND: _class_state,
    RoomSaved.KIND: _room,
    LessonSaved.KIND: _lesson,
    LessonCancelled.KIND: _lesson_cancelled,
    SignedIn.KIND: _tap,
    SignedOut.KIND: _tap,
    Corrected.KIND: _corrected,
    ConsentGiven.KIND: _consent,
    ConsentWithdrawn.KIND: _consent_withdrawn,
    SnapshotTaken.KIND: _slot,
    ClipKept.KIND: _slot,
    SnapshotMissed.KIND: _slot,
    SlotVoided.KIND: _slot,
    ClockAnchor.KIND: _anchor,
}
