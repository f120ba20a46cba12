"""Classes, rosters, lessons and verdicts out of facts."""

from __future__ import annotations

import json

from edge_agent.central.digest.batch import Batch, Read, handles
from edge_agent.central.instants import to_micros
from edge_agent.model.kinds.plan import (
    ClassSaved,
    ClassStateChanged,
    EditConfirmed,
    LessonCancelled,
    LessonSaved,
    RoomSaved,
    RosterSaved,
    TeachersSaved,
    TeacherSubstituted,
    VerdictGiven,
)


@handles(ClassSaved)
def _class_saved(batch: Batch, _: Read, data: ClassSaved) -> None:
    batch.run(
        "INSERT INTO classes(agent, id, code, name, category, opens, closes, required, online_required, policy, owner,"
        " revision, size_exception) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT(agent, id) DO UPDATE SET code = excluded.code, name = excluded.name,"
        " category = excluded.category, opens = excluded.opens, closes = excluded.closes,"
        " required = excluded.required, online_required = excluded.online_required, policy = excluded.policy,"
        " owner = excluded.owner, revision = excluded.revision, size_exception = excluded.size_exception",
        batch.agent,
        data.class_id,
        data.code,
        data.name,
        data.category,
        data.opens.isoformat() if data.opens else "",
        data.closes.isoformat() if data.closes else "",
        data.required_periods,
        data.online_required,
        data.policy,
        data.owner,
        data.revision,
        data.size_exception,
    )


@handles(ClassStateChanged)
def _class_state(batch: Batch, _: Read, data: ClassStateChanged) -> None:
    batch.run(
        "UPDATE classes SET state = %s, by_hand = CASE WHEN %s = 1 THEN 1 ELSE by_hand END, warnings = %s,"
        " revision = CASE WHEN revision < %s THEN %s ELSE revision END WHERE agent = %s AND id = %s",
        data.state,
        int(data.opened_by_hand),
        json.dumps(data.warnings),
        data.revision,
        data.revision,
        batch.agent,
        data.class_id,
    )


@handles(RosterSaved)
def _roster_saved(batch: Batch, _: Read, data: RosterSaved) -> None:
    batch.run(
        "UPDATE classes SET roster = %s, roster_revision = %s, roster_confirmed = %s, trainees = %s, headcount = %s"
        " WHERE agent = %s AND id = %s",
        data.document,
        data.revision,
        int(data.confirmed or data.owner == "venue"),
        json.dumps(data.trainees),
        len(data.trainees),
        batch.agent,
        data.class_id,
    )
    _want(batch, data.sha256)


@handles(TeachersSaved)
def _teachers_saved(batch: Batch, _: Read, data: TeachersSaved) -> None:
    _want(batch, data.sha256)


def _want(batch: Batch, sha256: str) -> None:
    batch.run("INSERT INTO wanted VALUES (%s, %s) ON CONFLICT DO NOTHING", batch.agent, sha256)


@handles(LessonSaved)
def _lesson_saved(batch: Batch, _: Read, data: LessonSaved) -> None:
    batch.run(
        "INSERT INTO lessons(agent, id, class_id, day, start, periods, break_minutes, room, subject, teacher, subgroup,"
        " kind, ends, owner, revision, confirmed, change, reason, cancelled)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0)"
        " ON CONFLICT(agent, id) DO UPDATE SET class_id = excluded.class_id, day = excluded.day,"
        " start = excluded.start, periods = excluded.periods, break_minutes = excluded.break_minutes,"
        " room = excluded.room, subject = excluded.subject, teacher = excluded.teacher, subgroup = excluded.subgroup,"
        " kind = excluded.kind, ends = excluded.ends, owner = excluded.owner, revision = excluded.revision,"
        " confirmed = excluded.confirmed, change = excluded.change, reason = excluded.reason, cancelled = 0",
        batch.agent,
        data.lesson,
        data.class_id,
        data.date.isoformat(),
        data.start,
        data.periods,
        data.break_minutes,
        data.room,
        data.subject,
        data.teacher,
        data.subgroup,
        data.lesson_kind,
        data.end or "",
        data.owner,
        data.revision,
        int(data.confirmed or data.owner == "venue"),
        data.change,
        data.reason,
    )


@handles(LessonCancelled)
def _lesson_cancelled(batch: Batch, _: Read, data: LessonCancelled) -> None:
    batch.run(
        "UPDATE lessons SET cancelled = 1, reason = %s, revision = %s, verdict = 'cancelled'"
        " WHERE agent = %s AND id = %s",
        data.reason,
        data.revision,
        batch.agent,
        data.lesson,
    )


@handles(TeacherSubstituted)
def _substituted(batch: Batch, _: Read, data: TeacherSubstituted) -> None:
    batch.run("UPDATE lessons SET teacher = %s WHERE agent = %s AND id = %s", data.teacher, batch.agent, data.lesson)


@handles(EditConfirmed)
def _edit_confirmed(batch: Batch, _: Read, data: EditConfirmed) -> None:
    table = {"lesson": "lessons SET confirmed", "roster": "classes SET roster_confirmed"}.get(data.document)
    if table is not None:
        batch.run(f"UPDATE {table} = 1 WHERE agent = %s AND id = %s", batch.agent, data.id)


@handles(RoomSaved)
def _room_saved(batch: Batch, _: Read, data: RoomSaved) -> None:
    batch.run(
        "INSERT INTO rooms VALUES (%s, %s, %s) ON CONFLICT(agent, room) DO UPDATE SET name = excluded.name",
        batch.agent,
        data.room,
        data.name,
    )


@handles(VerdictGiven)
def _verdict(batch: Batch, _: Read, data: VerdictGiven) -> None:
    batch.run(
        "INSERT INTO lessons(agent, id, class_id, verdict, reasons, verdict_at) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT(agent, id) DO UPDATE SET verdict = excluded.verdict, reasons = excluded.reasons,"
        " verdict_at = excluded.verdict_at",
        batch.agent,
        data.lesson,
        data.class_id,
        data.verdict,
        json.dumps(data.reasons),
        to_micros(data.at),
    )
