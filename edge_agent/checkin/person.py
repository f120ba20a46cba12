"""One person's claims: a row in each of their classes, the units near a moment, and what was signed already.

All classes of a person are judged together, because nobody is in two rooms at once: a tap for a second class while a
unit of the first is open is held, and two classes that claim the same minutes are a conflict (RULES, reading 10).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from edge_agent.checkin.visit import Said
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Trainee
from edge_agent.model.span import AttendanceUnit
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.attendance import Mark, judge
from edge_agent.rules.windows import attendance_units
from edge_agent.store import attendance
from edge_agent.store.lessons import list_lessons
from edge_agent.store.training import running_classes, same_person

Policies = Callable[[str], LoadedPolicy]
"""The policy of a name: `policies.load_policy`, cached."""

LessonsOf = Callable[[str, date, date], Sequence[Lesson]]
"""The lessons of a class between two days, both included."""

_NEAR = timedelta(days=1)  # a unit belongs to its lesson's date; its windows may lie beyond midnight


@dataclass(frozen=True, slots=True)
class Claim:
    """What one class wants of a person: `trainee` is the row there, `units` are in force and near the moment."""

    trainee: Trainee
    policy: LoadedPolicy
    lessons: Mapping[str, Lesson]
    units: tuple[AttendanceUnit, ...]
    marks: Mapping[str, Mark]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One outcome of a visit, in one class."""

    said: Said
    claim: Claim
    unit: AttendanceUnit | None = None
    until: datetime | None = None

    @property
    def lesson(self) -> Lesson | None:
        """The lesson at whose start or end the visit was."""
        if self.unit is None:
            return None
        return self.claim.lessons[self.unit.lessons[-1 if self.said is Said.SIGNED_OUT else 0]]

    def is_unit(self, trainee: str, unit: str) -> bool:
        return self.unit is not None and (self.claim.trainee.id, self.unit.id) == (trainee, unit)


def current_lessons(connection: sqlite3.Connection) -> LessonsOf:
    """Give the timetable as it stands."""
    return lambda class_id, since, until: list_lessons(connection, class_id=class_id, since=since, until=until)


def claims(
    connection: sqlite3.Connection, trainee: str, at: datetime, policies: Policies, lessons_of: LessonsOf
) -> list[Claim]:
    """Give the claims of the person who has this row; raises `NotFoundError` for an unknown one."""
    running = running_classes(connection)
    found = []
    for row in same_person(connection, trainee):
        if row.class_id not in running:
            continue
        policy = policies(running[row.class_id].policy)
        day = at.astimezone(policy.policy.zone).date()
        lessons = lessons_of(row.class_id, day - _NEAR, day + _NEAR)
        found.append(
            Claim(
                trainee=row,
                policy=policy,
                lessons={lesson.id: lesson for lesson in lessons},
                units=attendance_units(lessons, policy.policy, row.subgroup),
                marks=marks_of(attendance.of_trainee(connection, row.id)),
            )
        )
    return found


def marks_of(taps: Iterable[attendance.Tap]) -> dict[str, Mark]:
    """Give one trainee's marks from the taps that count, in their order."""
    marks: dict[str, Mark] = {}
    for tap in taps:
        if tap.direction == "in":
            marks[tap.unit] = Mark(tap.at)
        elif tap.unit in marks:
            marks[tap.unit] = Mark(marks[tap.unit].signed_in, tap.at)
    return marks


def judge_person(claimed: Sequence[Claim], at: datetime, room: str) -> list[Judgement]:
    """Judge a visit at `at` over all the person's units; where two begin together, the one in `room` goes first."""
    places = {_key(claim, unit.id): (claim, unit) for claim in claimed for unit in claim.units}

    def order(key: str) -> tuple[datetime, bool, str]:
        claim, unit = places[key]
        return unit.teaching.start, not _in_room(claim, unit, room), key

    units = [replace(places[key][1], id=key) for key in sorted(places, key=order)]
    marks = {_key(claim, unit): mark for claim in claimed for unit, mark in claim.marks.items()}
    judged = []
    for answer in judge(units, marks, at):
        claim, unit = (claimed[0], None) if answer.unit is None else places[answer.unit.id]
        judged.append(Judgement(Said(answer.outcome), claim, unit, answer.until))
    return judged


def rivals(claimed: Iterable[Claim], signed_in: Judgement, at: datetime) -> list[str]:
    """Give the units of other classes that claim the same minutes and that this visit could have opened as well."""
    mine = signed_in.unit
    return [
        unit.id
        for claim in claimed
        if claim is not signed_in.claim
        for unit in claim.units
        if mine is not None
        and unit.id not in claim.marks
        and at in unit.sign_in
        and unit.teaching.overlaps(mine.teaching)
    ]


def _key(claim: Claim, unit: str) -> str:
    # day/DATE, a fixed-clock unit, is the same in two classes
    return f"{claim.trainee.class_id} {unit}"


def _in_room(claim: Claim, unit: AttendanceUnit, room: str) -> bool:
    return any(claim.lessons[lesson].room in ("", room) for lesson in unit.lessons)
