"""One visit of one trainee to its outcomes: RULES, readings 2 to 5.

A visit is judged by the units in force at its moment and by what the trainee's earlier visits did, which is all that
`Marks` holds. Taps that are held or come a second time change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge_agent.model.span import AttendanceUnit


class Outcome(StrEnum):
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    HELD = "held"
    ALREADY_SIGNED_IN = "already_signed_in"
    ALREADY_SIGNED_OUT = "already_signed_out"
    NOT_SIGNED_IN = "not_signed_in"
    TOO_LATE = "too_late"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Mark:
    """A trainee's accepted taps of one unit; `signed_out` is never set without `signed_in`."""

    signed_in: datetime
    signed_out: datetime | None = None


Marks = Mapping[str, Mark]
"""One trainee's marks by unit id."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visit did to one unit. `until` is when sign-out opens, where the trainee must wait for it."""

    outcome: Outcome
    unit: AttendanceUnit | None = None
    until: datetime | None = None


def judge(units: Sequence[AttendanceUnit], marks: Marks, at: datetime) -> tuple[Answer, ...]:
    """Give the outcomes of a visit at `at`: one, or two where it closes a unit and opens the next.

    `units` are all of the trainee's units that are in force, in the order of `attendance_units`.
    """
    unopened = [unit for unit in units if unit.id not in marks]
    arriving = next((unit for unit in unopened if at in unit.sign_in), None)
    opened = [unit for unit in units if _is_open(marks.get(unit.id)) and at <= unit.sign_out.end]
    leaving = next((unit for unit in opened if at in unit.sign_out), None)
    if leaving is not None:
        answers = [Answer(Outcome.SIGNED_OUT, leaving)]
        if arriving is not None:
            answers.append(Answer(Outcome.SIGNED_IN, arriving))
        return tuple(answers)
    if arriving is not None:
        # Only what begins after the open unit is its next one: a lesson that was moved away, to this afternoon or to
        # another day, keeps its sign-in and must not bar the lessons before it.
        holding = next((unit for unit in opened if unit.teaching.start <= arriving.teaching.start), None)
        if holding is not None:
            return (Answer(Outcome.HELD, arriving, holding.sign_out.start),)
        return (Answer(Outcome.SIGNED_IN, arriving),)
    if opened:
        return (Answer(Outcome.ALREADY_SIGNED_IN, opened[0], opened[0].sign_out.start),)
    return (_refusal(units, unopened, marks, at),)


def _refusal(units: Iterable[AttendanceUnit], unopened: Iterable[AttendanceUnit], marks: Marks, at: datetime) -> Answer:
    """Say why a visit that neither opens nor closes anything earns nothing."""
    for unit in units:
        if unit.id in marks and marks[unit.id].signed_out is not None and at in unit.sign_out:
            return Answer(Outcome.ALREADY_SIGNED_OUT, unit)
    for unit in unopened:
        if at in unit.sign_out:
            return Answer(Outcome.NOT_SIGNED_IN, unit)
    for unit in unopened:
        if unit.sign_in.end < at < unit.sign_out.start:
            return Answer(Outcome.TOO_LATE, unit)
    return Answer(Outcome.OUTSIDE)


def _is_open(mark: Mark | None) -> bool:
    return mark is not None and mark.signed_out is None


def accept(marks: Marks, answers: Iterable[Answer], at: datetime) -> dict[str, Mark]:
    """Give the marks after a visit at `at` that was answered so."""
    after = dict(marks)
    for answer in answers:
        if answer.unit is None:
            continue
        if answer.outcome is Outcome.SIGNED_IN:
            after[answer.unit.id] = Mark(at)
        elif answer.outcome is Outcome.SIGNED_OUT:
            after[answer.unit.id] = Mark(after[answer.unit.id].signed_in, at)
    return after
