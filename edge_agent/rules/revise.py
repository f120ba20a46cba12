"""Edits of the plan: a tap is judged by the revision in force at its moment (RULES, reading 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import TypedDict

from edge_agent.model.lesson import Lesson, LessonKind


class Changes(TypedDict, total=False):
    """The fields of a lesson that an edit sets; `end` None takes an earlier end back."""

    date: date
    start: time
    periods: int
    break_minutes: int
    end: time | None
    cancelled: bool
    cancel_reason: str
    room: str
    subject: str
    teacher: str
    subgroup: str
    cameras: tuple[str, ...]
    kind: LessonKind


@dataclass(frozen=True, slots=True)
class Edit:
    """From `at` on, the lesson is as `changes` say."""

    at: datetime
    lesson: str
    changes: Changes


def revise(lesson: Lesson, changes: Changes) -> Lesson:
    """Give the lesson's next revision.

    A lesson that is moved or gets another number of periods hasn't ended yet: an earlier `end` falls away, unless the
    same edit sets one.
    """
    after = replace(lesson, **changes, revision=lesson.revision + 1)
    if "end" in changes or _when(after) == _when(lesson):
        return after
    return replace(after, end=None)


def _when(lesson: Lesson) -> tuple[date, time, int]:
    return lesson.date, lesson.start, lesson.periods


def in_force(lessons: Iterable[Lesson], edits: Iterable[Edit]) -> tuple[Lesson, ...]:
    """Give the lessons after all of `edits`, which are in order; raises `KeyError` for an edit of a lesson unknown."""
    revised = {lesson.id: lesson for lesson in lessons}
    for edit in edits:
        revised[edit.lesson] = revise(revised[edit.lesson], edit.changes)
    return tuple(revised.values())
