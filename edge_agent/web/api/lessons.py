"""Lessons of the timetable, and what an instructor changes in them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from edge_agent.checkin import lessons as changes
from edge_agent.errors import ForbiddenError
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.rules.windows import lesson_times
from edge_agent.store.accounts import Role
from edge_agent.store.lessons import get_lesson, list_lessons
from edge_agent.store.training import get_class
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Pages, Slice, Text, Told
from edge_agent.web.api.imports import RowTold, Ticked
from edge_agent.web.api.reasons import ReasonTold, reasons_told
from edge_agent.web.guard import Administrator, Instructor, Staff, Visitor

router = APIRouter(tags=["lessons"])


class LessonTold(Told):
    """`teacher` is a teacher's id; `starts` and `ends` are the lesson's own, an early end or overrun included."""

    id: str
    class_id: str
    room: str
    subject: str
    teacher: str
    subgroup: str
    kind: LessonKind
    periods: int
    starts: Instant
    ends: Instant
    cancelled: bool
    cancel_reason: str
    cameras: tuple[str, ...]
    revision: int


class LessonForm(Form):
    """`room` is an id or a name, `teacher` likewise; `start` is a time of day in the policy's zone.

    `accept` names the warnings that the operator has ticked.
    """

    date: dt.date
    start: Annotated[dt.time, "Time of day in the policy's zone"]
    periods: Annotated[int, Field(ge=1, le=16)]
    break_minutes: Annotated[int, Field(ge=0, le=120)] = 0
    room: Text = ""
    subject: Text = ""
    teacher: Text = ""
    subgroup: Text = ""
    kind: LessonKind = LessonKind.NORMAL
    accept: Ticked = Field(default_factory=list)

    def values(self) -> dict[str, Any]:
        """Give the row as a table would have it."""
        row = {name: getattr(self, name) for name in LessonForm.model_fields if name != "accept"}
        return row | {"start": self.start.replace(tzinfo=None), "kind": self.kind.value}


class LessonChange(LessonForm):
    """`revision` is the one that the form was made from."""

    revision: Annotated[int, Field(ge=1)]


class ReasonForm(Form):
    reason: Name


class OverrunForm(Form):
    reason: Name
    end: Annotated[dt.time, "Time of day in the policy's zone"]


class SubstituteForm(Form):
    teacher: Identifier
    reason: Name


class Warned(Done):
    warnings: list[ReasonTold]


def told(visitor: Visitor, lesson: Lesson, policy: str) -> LessonTold:
    times = lesson_times(lesson, visitor.site.policies(policy).policy)
    return LessonTold(
        id=lesson.id,
        class_id=lesson.class_id,
        room=lesson.room,
        subject=lesson.subject,
        teacher=lesson.teacher,
        subgroup=lesson.subgroup,
        kind=lesson.kind,
        periods=lesson.periods,
        starts=times.start,
        ends=times.end,
        cancelled=lesson.cancelled,
        cancel_reason=lesson.cancel_reason,
        cameras=lesson.cameras,
        revision=lesson.revision,
    )


def own(visitor: Visitor, lesson: str) -> Lesson:
    """Give a lesson that this visitor may change: an administrator any, an instructor their own.

    Raises `ForbiddenError` for another's: 代课 makes it one's own, on the record.
    """
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
    if visitor.account.role is Role.INSTRUCTOR and found.teacher not in {"", visitor.account.person}:
        raise ForbiddenError("Not your lesson (不是您的课程，请先办理代课).", do="Take it over first, with a reason.")
    return found


@router.get("/lessons")
def lessons(
    visitor: Staff,
    paging: Pages,
    class_id: Annotated[str, Query(max_length=80)] = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Slice[LessonTold]:
    """Give lessons by date and start."""
    with visitor.reading() as connection:
        found = list_lessons(connection, class_id=class_id, since=since, until=until)
        policies = {each: get_class(connection, each).policy for each in {lesson.class_id for lesson in found}}
    return paging.slice(found, lambda lesson: told(visitor, lesson, policies[lesson.class_id]))


@router.get("/lessons/{lesson}")
def lesson(lesson: Identifier, visitor: Staff) -> LessonTold:
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
        return told(visitor, found, get_class(connection, found.class_id).policy)


@router.post("/classes/{class_id}/lessons")
def add_lesson(class_id: Identifier, form: LessonForm, visitor: Administrator) -> RowTold:
    """添加课次: judged as a timetable's row is, and written unless something blocks: `written` and `problems` say."""
    from edge_agent.web.actions import single  # noqa: PLC0415 - see there

    done = single.add_lesson(visitor.site, class_id, form.values(), ticked=form.accept, by=visitor.by)
    return RowTold.model_validate(done)


@router.put("/lessons/{lesson}")
def change_lesson(lesson: Identifier, form: LessonChange, visitor: Administrator) -> RowTold:
    """修改 a lesson that has not begun, judged in the same way; it keeps its id and its taps.

    Raises 409 where it was changed since the form was made.
    """
    from edge_agent.web.actions import single  # noqa: PLC0415 - see there

    done = single.change_lesson(
        visitor.site, lesson, form.values(), revision=form.revision, ticked=form.accept, by=visitor.by
    )
    return RowTold.model_validate(done)


@router.post("/lessons/{lesson}/end")
def end_early(lesson: Identifier, form: ReasonForm, visitor: Instructor) -> Done:
    """提前下课, now."""
    own(visitor, lesson)
    site = visitor.site
    site.writer.run(
        lambda tx: changes.end_early(
            tx, lesson, at=visitor.now, reason=form.reason, by=visitor.by, policies=site.policies
        )
    )
    return Done(id=lesson)


@router.post("/lessons/{lesson}/overrun")
def overrun(lesson: Identifier, form: OverrunForm, visitor: Instructor) -> Done:
    """延时下课 until a time of day."""
    found = own(visitor, lesson)
    site = visitor.site
    with visitor.reading() as connection:
        policy = site.policies(get_class(connection, found.class_id).policy).policy
    start = lesson_times(found, policy).start
    end = dt.datetime.combine(found.date, form.end.replace(tzinfo=None), policy.zone)
    if end <= start:
        end += dt.timedelta(days=1)
    site.writer.run(
        lambda tx: changes.overrun(tx, lesson, end=end, reason=form.reason, by=visitor.by, policies=site.policies)
    )
    return Done(id=lesson)


@router.post("/lessons/{lesson}/cancel")
def cancel(lesson: Identifier, form: ReasonForm, visitor: Instructor) -> Done:
    """取消."""
    own(visitor, lesson)
    site = visitor.site
    site.writer.run(lambda tx: changes.cancel(tx, lesson, reason=form.reason, by=visitor.by, policies=site.policies))
    return Done(id=lesson)


@router.post("/lessons/{lesson}/substitute")
def substitute(lesson: Identifier, form: SubstituteForm, visitor: Instructor) -> Warned:
    """代课: an instructor takes a lesson over, or an administrator names somebody."""
    is_office = visitor.account.role is Role.ADMINISTRATOR
    if not is_office and form.teacher != visitor.account.person:
        own(visitor, lesson)
    site = visitor.site
    _, warnings = site.writer.run(
        lambda tx: changes.substitute(
            tx, lesson, form.teacher, reason=form.reason, by=visitor.by, may_add=is_office, policies=site.policies
        )
    )
    return Warned(id=lesson, warnings=reasons_told(visitor, warnings))
