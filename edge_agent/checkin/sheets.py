"""Sheets: an attendance unit with its roster, and who signed in and out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from edge_agent.checkin.person import Policies
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.windows import attendance_units
from edge_agent.store import attendance
from edge_agent.store.attendance import Tap
from edge_agent.store.lessons import get_lesson, list_lessons
from edge_agent.store.training import list_trainees, running_classes


class Phase(StrEnum):
    """Where a unit stands. Between sign-in and sign-out, and in the minutes after a window, there is `TEACHING`."""

    BEFORE = "before"
    SIGN_IN = "sign_in"
    TEACHING = "teaching"
    SIGN_OUT = "sign_out"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Sheet:
    """`signed_in` and `signed_out` are by trainee id; `trainees` are those of the unit's subgroup, by name.

    `numbers` are the first and the last period that the unit covers, counted through the class's day (第3-4节).
    """

    training: TrainingClass
    lessons: tuple[Lesson, ...]
    unit: AttendanceUnit
    trainees: tuple[Trainee, ...]
    signed_in: Mapping[str, Tap]
    signed_out: Mapping[str, Tap]
    numbers: tuple[int, int] = (1, 1)

    @property
    def lesson(self) -> Lesson:
        return self.lessons[0]

    @property
    def absent(self) -> tuple[Trainee, ...]:
        return tuple(each for each in self.trainees if each.id not in self.signed_in)

    @property
    def present(self) -> tuple[Trainee, ...]:
        """Those who signed in and have not signed out."""
        return tuple(each for each in self.trainees if each.id in self.signed_in and each.id not in self.signed_out)

    def phase(self, now: datetime) -> Phase:
        if now < self.unit.sign_in.start:
            return Phase.BEFORE
        if now in self.unit.sign_in:
            return Phase.SIGN_IN
        if now in self.unit.sign_out:
            return Phase.SIGN_OUT
        return Phase.TEACHING if now < self.unit.sign_out.start else Phase.OVER


def sheets(
    connection: sqlite3.Connection, policies: Policies, since: date, until: date, *, class_id: str = ""
) -> list[Sheet]:
    """Give the sheets of all running classes, or of one, of lessons between two days, by the start of teaching."""
    running = running_classes(connection)
    by_class: dict[str, list[Lesson]] = {}
    for lesson in list_lessons(connection, class_id=class_id, since=since, until=until):
        if lesson.class_id in running:
            by_class.setdefault(lesson.class_id, []).append(lesson)
    found = [sheet for each, held in by_class.items() for sheet in _of_class(connection, policies, running[each], held)]
    return sorted(found, key=lambda sheet: (sheet.unit.teaching.start, sheet.unit.id))


def sheets_of_lesson(connection: sqlite3.Connection, policies: Policies, lesson: str) -> list[Sheet]:
    """Give the sheets of one lesson; under a fixed-clock policy the day's, which other lessons share."""
    found = get_lesson(connection, lesson)
    day = sheets(connection, policies, found.date, found.date, class_id=found.class_id)
    return [sheet for sheet in day if lesson in sheet.unit.lessons]


def _of_class(
    connection: sqlite3.Connection, policies: Policies, training: TrainingClass, lessons: Iterable[Lesson]
) -> Iterable[Sheet]:
    by_id = {lesson.id: lesson for lesson in lessons}
    roster = list_trainees(connection, training.id)
    policy = policies(training.policy).policy
    # Under a fixed-clock policy two subgroups may have a day of the same name and other lessons in it.
    groups: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    units: dict[tuple[str, tuple[str, ...]], AttendanceUnit] = {}
    for subgroup in {trainee.subgroup for trainee in roster} or {""}:
        for unit in attendance_units(by_id.values(), policy, subgroup):
            units[unit.id, unit.lessons] = unit
            groups.setdefault((unit.id, unit.lessons), set()).add(subgroup)
    taps: dict[tuple[str, str], dict[str, Tap]] = {}
    for tap in attendance.of_units(connection, training.id, tuple({unit.id for unit in units.values()})):
        taps.setdefault((tap.unit, tap.direction), {})[tap.trainee] = tap
    for key, unit in units.items():
        yield Sheet(
            training=training,
            lessons=tuple(by_id[lesson] for lesson in unit.lessons),
            unit=unit,
            trainees=tuple(each for each in roster if each.subgroup in groups[key]),
            signed_in=taps.get((unit.id, "in"), {}),
            signed_out=taps.get((unit.id, "out"), {}),
            numbers=_numbers(units.values(), unit, policy.period.length),
        )


def _numbers(units: Iterable[AttendanceUnit], unit: AttendanceUnit, period: timedelta) -> tuple[int, int]:
    def count(each: AttendanceUnit) -> int:
        return max(1, round(each.teaching.length / period))

    day = unit.teaching.start.date()
    before = {
        each.id: count(each)
        for each in units
        if each.teaching.start.date() == day and each.teaching.start < unit.teaching.start
    }
    first = sum(before.values()) + 1
    return first, first + count(unit) - 1
