"""The timetable: lessons and their edits, each edit a revision and a fact."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Literal

from edge_agent.errors import ConflictError, NotFoundError, unknown
from edge_agent.model.kinds.capture import CameraAssociated, RecordingRequested
from edge_agent.model.kinds.plan import LessonCancelled, LessonSaved
from edge_agent.model.lesson import ByHand, Lesson, LessonKind, Timetable
from edge_agent.model.people import Owner
from edge_agent.store.cameras import get_camera
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.facts import decode
from edge_agent.store.kinds import of_kinds
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.training import running_classes
from edge_agent.store.writer import Transaction

Change = Literal["added", "moved", "ended_early", "overrun", "cameras", "teacher", "edited"]
_RENAMED = {"end": "ends"}  # END is a word of SQL


def save_lesson(
    tx: Transaction,
    lesson: Lesson,
    *,
    change: Change,
    by: str,
    owner: Owner | None = None,
    confirmed: bool = False,
    reason: str = "",
    revision: int | None = None,
) -> Lesson:
    """Store a lesson as its next revision and say so in a fact; give the stored lesson.

    `lesson.revision` must be the one that the caller saw: `ConflictError` otherwise, so that two windows that edit one
    lesson can't overwrite each other. An owner that numbers its own versions names the `revision`; without `owner` the
    lesson stays whose it is.
    """
    known = find_lesson(tx.connection, lesson.id)
    owned = find_owned(tx.connection, lesson.id)
    owner = owner or (owned.owner if owned else Owner.VENUE)
    if known is not None and known.revision != lesson.revision:
        raise ConflictError(
            f"Lesson {lesson.id} was changed meanwhile (课表已被他人修改，请刷新页面后重试):"
            f" it is at revision {known.revision}, yours is {lesson.revision}.",
            do="请刷新页面后重试。Load it again and repeat the change.",
        )
    saved = replace(lesson, revision=revision or (1 if known is None else lesson.revision + 1))
    row = to_row(saved, owner=owner.value, confirmed=int(confirmed))
    row["ends"] = row.pop("end")
    tx.execute(insert("lessons", row, replace="id"), row)
    if saved.cancelled:
        tx.append(
            LessonCancelled(
                lesson=saved.id, class_id=saved.class_id, reason=saved.cancel_reason or reason, revision=saved.revision
            ),
            by=by,
        )
        return saved
    tx.append(
        LessonSaved(
            lesson=saved.id,
            class_id=saved.class_id,
            date=saved.date,
            start=saved.start.isoformat(),
            periods=saved.periods,
            break_minutes=saved.break_minutes,
            room=saved.room,
            subject=saved.subject,
            teacher=saved.teacher,
            subgroup=saved.subgroup,
            cameras=saved.cameras,
            lesson_kind=saved.kind.value,
            end=None if saved.end is None else saved.end.isoformat(),
            owner=owner.value,
            revision=saved.revision,
            change=change,
            reason=reason,
            confirmed=confirmed,
        ),
        by=by,
    )
    return saved


def change_of(known: Lesson | None, wanted: Lesson) -> Change:
    """Say in one word what an edit made of a lesson."""
    if known is None:
        return "added"
    if (known.date, known.start, known.room) != (wanted.date, wanted.start, wanted.room):
        return "moved"
    if known.teacher != wanted.teacher:
        return "teacher"
    return "cameras" if known.cameras != wanted.cameras else "edited"


def associate(tx: Transaction, lesson: str, cameras: Sequence[str], *, by: str, seen: int | None = None) -> Lesson:
    """关联设备: the cameras of one lesson instead of its room's; none at all gives it the room's again.

    `seen` is the lesson's revision that a form was made from; another one now raises `ConflictError`.
    """
    for camera in cameras:
        if not get_camera(tx.connection, camera).active:
            raise NotFoundError(f"{camera}：设备未绑定 / not bound.", do="请先绑定摄像机。See: edge-agent cameras list")
    known = get_lesson(tx.connection, lesson)
    wanted = replace(known, cameras=tuple(cameras), revision=known.revision if seen is None else seen)
    saved = save_lesson(tx, wanted, change="cameras", by=by)
    tx.append(CameraAssociated(lesson=lesson, cameras=tuple(cameras)), by=by)
    return saved


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a stored lesson is, and whether the owner knows of its last edit."""

    owner: Owner
    revision: int
    confirmed: bool


def find_owned(connection: sqlite3.Connection, lesson: str) -> Owned | None:
    row = connection.execute("SELECT owner, revision, confirmed FROM lessons WHERE id = ?", (lesson,)).fetchone()
    return None if row is None else from_row(Owned, row)


def confirm_lesson(tx: Transaction, lesson: str, revision: int) -> None:
    """The owner accepts the edit that was pending (待中心确认), unless a later one has come."""
    tx.execute("UPDATE lessons SET confirmed = 1 WHERE id = ? AND revision = ?", (lesson, revision))


def find_lesson(connection: sqlite3.Connection, lesson: str) -> Lesson | None:
    row = connection.execute("SELECT * FROM lessons WHERE id = ?", (lesson,)).fetchone()
    return None if row is None else from_row(Lesson, row, _RENAMED)


def get_lesson(connection: sqlite3.Connection, lesson: str) -> Lesson:
    found = find_lesson(connection, lesson)
    if found is None:
        raise unknown(lesson, "课程", "lesson")
    return found


def list_lessons(
    connection: sqlite3.Connection, *, class_id: str = "", since: date | None = None, until: date | None = None
) -> list[Lesson]:
    """Give lessons by date and start, cancelled ones included; `since` and `until` are included dates."""
    wanted = {"class_id = ?": class_id, "date >= ?": since and str(since), "date <= ?": until and str(until)}
    asked = {condition: value for condition, value in wanted.items() if value}
    rows = connection.execute(
        f"SELECT * FROM lessons WHERE {' AND '.join(asked) or '1'} ORDER BY date, start, id",  # noqa: S608 - constants
        tuple(asked.values()),
    )
    return [from_row(Lesson, row, _RENAMED) for row in rows]


def lessons_as_of(connection: sqlite3.Connection, class_id: str, fact: int) -> list[Lesson]:
    """Give a class's lessons as they stood when the fact of this id was stored, cancelled ones included."""
    found: dict[str, Lesson] = {}
    wanted, named = of_kinds((LessonSaved.KIND, LessonCancelled.KIND))
    rows = connection.execute(
        f"SELECT kind, body, link FROM facts WHERE id <= ? AND {wanted} ORDER BY id",  # noqa: S608 - see of_kinds
        (fact, *named),
    )
    for row in rows:
        data = decode(row["body"], row["link"]).data
        if data["class_id"] != class_id:
            continue
        if row["kind"] == LessonSaved.KIND:
            found[data["lesson"]] = _from_fact(data)
        elif data["lesson"] in found:
            cancelled = replace(found[data["lesson"]], cancelled=True, cancel_reason=data["reason"])
            found[data["lesson"]] = replace(cancelled, revision=data["revision"])
    return list(found.values())


def _from_fact(data: Mapping[str, Any]) -> Lesson:
    return Lesson(
        id=data["lesson"],
        class_id=data["class_id"],
        date=date.fromisoformat(data["date"]),
        start=time.fromisoformat(data["start"]),
        periods=data["periods"],
        break_minutes=data["break_minutes"],
        room=data["room"],
        subject=data["subject"],
        teacher=data["teacher"],
        subgroup=data["subgroup"],
        cameras=tuple(data["cameras"]),
        kind=LessonKind(data["lesson_kind"]),
        end=None if data["end"] is None else time.fromisoformat(data["end"]),
        revision=data["revision"],
    )


def load_timetables(
    connection: sqlite3.Connection, *, since: date | None = None, until: date | None = None
) -> dict[str, Timetable]:
    """Give what counts, by the name of the policy that judges it: the lessons of approved and opened classes."""
    rooms: dict[str, tuple[str, ...]] = {}
    for row in connection.execute("SELECT id, room FROM cameras WHERE active ORDER BY id"):
        rooms[row["room"]] = (*rooms.get(row["room"], ()), row["id"])
    running = running_classes(connection)
    grouped: dict[str, list[Lesson]] = {}
    for lesson in list_lessons(connection, since=since, until=until):
        if lesson.class_id in running:
            grouped.setdefault(running[lesson.class_id].policy, []).append(lesson)
    return {policy: Timetable(tuple(lessons), rooms) for policy, lessons in grouped.items()}


def request_recording(
    tx: Transaction,
    *,
    lesson: str,
    camera: str,
    action: Literal["start", "stop", "extend"],
    start: datetime,
    end: datetime,
    by: str,
) -> None:
    """Record by hand, extend or stop: a fact that every plan reads."""
    tx.execute(
        "INSERT INTO by_hand(lesson, camera, action, start, end, by) VALUES (?, ?, ?, ?, ?, ?)",
        (lesson, camera, action, to_micros(start), to_micros(end), by),
    )
    tx.append(RecordingRequested(lesson=lesson, camera=camera, action=action, start=start, end=end), by=by)


def recordings_by_hand(connection: sqlite3.Connection, since: datetime) -> list[ByHand]:
    """Give the recordings asked for by hand that end after `since`, later words taking back earlier ones."""
    wanted: dict[tuple[str, str], ByHand] = {}
    for row in connection.execute("SELECT * FROM by_hand WHERE end > ? ORDER BY id", (to_micros(since),)):
        key = (row["lesson"], row["camera"])
        if row["action"] == "stop":
            wanted.pop(key, None)
        else:
            wanted[key] = ByHand(key[0], key[1], from_micros(row["start"]), from_micros(row["end"]), row["by"])
    return list(wanted.values())
