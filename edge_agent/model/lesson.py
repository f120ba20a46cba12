"""A row of the timetable, and a timetable of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


class LessonKind(StrEnum):
    """Opening and exam days (结业考核) are lessons like others, marked for inspection: RULES, reading 11."""

    NORMAL = "normal"
    OPENING = "opening"
    EXAM = "exam"


@dataclass(frozen=True, slots=True)
class Lesson:
    """`periods` periods with `break_minutes` between them, in the policy's time zone.

    `end` is set when the lesson ended early or overran: a time of day, on the next day when it is not after `start`.
    `cameras` overrides the room's cameras; an empty `subgroup` means the whole class.
    """

    id: str
    class_id: str
    date: date
    start: time
    periods: int
    break_minutes: int = 0
    room: str = ""
    subject: str = ""
    teacher: str = ""
    subgroup: str = ""
    cameras: tuple[str, ...] = ()
    kind: LessonKind = LessonKind.NORMAL
    end: time | None = None
    cancelled: bool = False
    cancel_reason: str = ""
    revision: int = 1


@dataclass(frozen=True, slots=True)
class ByHand:
    """A recording that a person asked for (录制), or the extension of one."""

    lesson: str
    camera: str
    start: datetime
    end: datetime
    by: str


@dataclass(frozen=True, eq=False)
class Timetable:
    """All lessons with their rooms' cameras, as of one moment.

    Compared by identity on purpose: what is computed from a timetable is cached on it, so make a new one for a change.
    """

    lessons: tuple[Lesson, ...]
    room_cameras: dict[str, tuple[str, ...]]

    def cameras(self, lesson: Lesson) -> tuple[str, ...]:
        return lesson.cameras or self.room_cameras.get(lesson.room, ())
