"""授课管理: an instructor's lessons, their sheets, and where the class stands."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response

from edge_agent.checkin.forecast import forecast
from edge_agent.checkin.sheets import Phase, Sheet, sheets, sheets_of_lesson
from edge_agent.model.lesson import Lesson
from edge_agent.rules.windows import LessonTimes, lesson_times
from edge_agent.store import training
from edge_agent.store.accounts import Role
from edge_agent.store.database import Connection
from edge_agent.store.lessons import get_lesson, list_lessons
from edge_agent.web.guard import Instructor, Staff, Visitor

router = APIRouter(prefix="/teach")

_BACK = timedelta(days=14)
"""How far back ended lessons are listed for their 打卡记录."""


@router.get("")
def lessons(visitor: Instructor) -> Response:
    """Today's lessons, one's own first; then the ended ones of two weeks."""
    today = visitor.now.astimezone(visitor.zone).date()
    with visitor.reading() as connection:
        found = list_lessons(connection, since=today - _BACK, until=today)
        running = training.running_classes(connection)
        current = sheets(connection, visitor.site.policies, today, today)
        teachers, rooms = teacher_names(connection), training.list_rooms(connection)
    held = [lesson for lesson in found if lesson.class_id in running]
    times = {each.id: _times(visitor, each, running[each.class_id].policy) for each in held}
    units: dict[str, list[Sheet]] = {}
    for sheet in current:
        for lesson in sheet.lessons:
            units.setdefault(lesson.id, []).append(sheet)
    mine = {each.id for each in held if is_mine(visitor, each)}
    return visitor.page(
        "teach/lessons.html",
        today=[each for each in held if each.date == today],
        ended=[each for each in reversed(held) if each.date < today and each.id in mine],
        mine=mine,
        times=times,
        sheets={lesson: _at_hand(every, visitor) for lesson, every in units.items()},
        classes=running,
        teachers=teachers,
        rooms=rooms,
    )


@router.get("/lessons/{lesson}")
def lesson(
    lesson: str,
    visitor: Staff,
    side: Annotated[Literal["", "in", "out"], Query()] = "",
    unit: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """签到 and 签退 of a lesson, live."""
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
        group = training.get_class(connection, found.class_id)
        every = sheets_of_lesson(connection, visitor.site.policies, lesson)
        teachers = training.list_teachers(connection)
        rooms = training.list_rooms(connection)
        names = {each.id: each.name for each in training.list_trainees(connection, found.class_id)}
    chosen = next((each for each in every if each.unit.id == unit), None) or _at_hand(every, visitor)
    doubts = [doubt for doubt in visitor.site.doubts if visitor.now - doubt.at < timedelta(minutes=10)]
    return visitor.page(
        "teach/lesson.html",
        lesson=found,
        training=group,
        times=_times(visitor, found, group.policy),
        sheets=every,
        sheet=chosen,
        side=side or (_side(chosen, visitor) if chosen else "in"),
        mine=is_mine(visitor, found),
        teachers=teachers,
        teacher={each.id: each.name for each in teachers}.get(found.teacher, found.teacher),
        rooms=rooms,
        doubts=[[names[each] for each in doubt.candidates if each in names] for doubt in doubts],
        visit=secrets.token_hex(8),
        Phase=Phase,
    )


@router.get("/classes/{class_id}")
def standing(class_id: str, visitor: Staff) -> Response:
    """Each trainee of a class against the 80 %, with what may still be missed."""
    with visitor.reading() as connection:
        group = training.get_class(connection, class_id)
        found = forecast(connection, visitor.site.policies, class_id, visitor.now)
    return visitor.page("teach/standing.html", training=group, standings=found)


def is_mine(visitor: Visitor, lesson: Lesson) -> bool:
    if visitor.account.role is Role.ADMINISTRATOR:
        return True
    return visitor.account.role is Role.INSTRUCTOR and lesson.teacher in {"", visitor.account.person}


def teacher_names(connection: Connection) -> dict[str, str]:
    return {each.id: each.name for each in training.list_teachers(connection)}


def _times(visitor: Visitor, lesson: Lesson, policy: str) -> LessonTimes:
    return lesson_times(lesson, visitor.site.policies(policy).policy)


def _at_hand(every: list[Sheet], visitor: Visitor) -> Sheet | None:
    """Give the unit whose windows are open, or the next one, or the last."""
    now = visitor.now
    open_now = [each for each in every if each.phase(now) in {Phase.SIGN_IN, Phase.SIGN_OUT}]
    ahead = [each for each in every if now <= each.unit.sign_out.end]
    return next(iter([*open_now, *ahead, *reversed(every)]), None)


def _side(sheet: Sheet, visitor: Visitor) -> str:
    return "out" if visitor.now >= sheet.unit.sign_out.start else "in"
