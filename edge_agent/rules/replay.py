"""A day again: lessons, edits and one trainee's taps to outcomes and credit, as the running system would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Answer, Marks, accept, judge
from edge_agent.rules.credit import credit
from edge_agent.rules.policy import Policy
from edge_agent.rules.revise import Edit, in_force
from edge_agent.rules.windows import attendance_units


@dataclass(frozen=True, slots=True)
class Case:
    """One trainee's taps, in any order; `subgroup` is the trainee's, `approved` caps the credit."""

    lessons: tuple[Lesson, ...]
    taps: tuple[datetime, ...]
    edits: tuple[Edit, ...] = ()
    subgroup: str = ""
    approved: int | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What came of a case: its final units, `answers` in the order of the taps, and the credit by both readings."""

    units: tuple[AttendanceUnit, ...]
    answers: tuple[tuple[Answer, ...], ...]
    marks: Marks
    credit: int
    strict_credit: int


def replay(case: Case, policy: Policy) -> Outcomes:
    """Judge each tap by the revision in force at its moment; the earliest tap is judged first.

    Raises `KeyError` for an edit of a lesson that the case doesn't have.
    """
    edits = sorted(case.edits, key=lambda edit: edit.at)

    @cache
    def units_after(count: int) -> tuple[AttendanceUnit, ...]:
        return attendance_units(in_force(case.lessons, edits[:count]), policy, case.subgroup)

    marks: Marks = {}
    answers: dict[int, tuple[Answer, ...]] = {}
    for position in sorted(range(len(case.taps)), key=case.taps.__getitem__):
        at = case.taps[position]
        answers[position] = judge(units_after(_in_force_at(edits, at)), marks, at)
        marks = accept(marks, answers[position], at)
    final = units_after(len(edits))
    return Outcomes(
        units=final,
        answers=tuple(answers[position] for position in range(len(case.taps))),
        marks=marks,
        credit=credit(final, marks, policy, approved=case.approved),
        strict_credit=credit(final, marks, policy, approved=case.approved, strict=True),
    )


def _in_force_at(edits: Sequence[Edit], at: datetime) -> int:
    return sum(edit.at <= at for edit in edits)
