"""Passing, forecast and class totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.lesson import Lesson
from edge_agent.model.people import TrainingClass
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Mark, Marks
from edge_agent.rules.credit import credit, needed, pass_rule, reaches
from edge_agent.rules.policy import PairLimit, PassRule
from edge_agent.rules.reasons import Code, Reason, Remedy
from edge_agent.rules.standing import Prospect, TraineeStanding, judge_class, judge_trainee
from edge_agent.rules.verdict import LessonVerdict, Verdict
from edge_agent.rules.windows import attendance_units
from tests.rules.strategies import JINAN

FIRST = date(2026, 3, 2)
LESSONS = [Lesson(f"L{day}", "C", FIRST + timedelta(days=day), time(8), periods=2) for day in range(5)]
UNITS = attendance_units(LESSONS, JINAN)
CLASS = TrainingClass("C", "X1", "焊工一班", "焊工", FIRST, FIRST + timedelta(days=9), required_periods=10)
TOGETHER = replace(JINAN, passing=PassRule(percent=80, online_separately=False))


def at(day: int, clock: str) -> datetime:
    return datetime.combine(FIRST + timedelta(days=day), time.fromisoformat(clock), JINAN.zone)


def attended(*units: AttendanceUnit) -> dict[str, Mark]:
    return {unit.id: Mark(unit.teaching.start, unit.teaching.end) for unit in units}


def standing(marks: Marks, now: datetime, training: TrainingClass = CLASS, *, online: float = 0) -> TraineeStanding:
    return judge_trainee(UNITS, marks, training, JINAN, now, online=online)


@given(st.integers(0, 200))
def test_needed_is_the_fewest_that_reach(required: int) -> None:
    least = needed(required, JINAN)
    assert reaches(least, required, JINAN)
    assert least == 0 or not reaches(least - 1, required, JINAN)


def test_both_parts_must_reach_separately() -> None:
    training = replace(CLASS, required_periods=40, online_required=10)
    assert pass_rule(24, 8, training, JINAN).passed
    assert not pass_rule(30, 7, training, JINAN).passed
    assert not pass_rule(23, 10, training, JINAN).passed
    assert pass_rule(30, 7, training, TOGETHER).passed
    assert not pass_rule(20, 99, training, TOGETHER).passed  # online periods count up to the approved ones


def test_at_the_start_everything_is_open() -> None:
    before = standing({}, at(0, "07:00"))
    assert (before.credited, before.possible, before.needed) == (0, 10, 8)
    assert (before.spare_periods, before.spare_units, before.prospect) == (2, 1, Prospect.OPEN)


def test_one_lesson_missed_leaves_none_to_miss() -> None:
    now = standing({}, at(0, "08:15:01"))
    assert (now.possible, now.spare_units, now.prospect) == (8, 0, Prospect.OPEN)
    assert now.reasons == (Reason(Code.UNIT_LOST, {"unit": "L0/1", "periods": 2}, Remedy.FILE_EXPLANATION),)


def test_two_missed_is_lost() -> None:
    now = standing({}, at(1, "08:15:01"))
    assert (now.possible, now.spare_periods, now.prospect) == (6, -2, Prospect.LOST)
    assert now.reasons[-1].params == {"credited": 0, "needed": 8, "possible": 6}


def test_an_open_unit_counts_as_possible_until_its_window_closes() -> None:
    marks = {"L0/1": Mark(at(0, "08:00"))}
    waiting = standing(marks, at(0, "09:40"))
    assert (waiting.possible, waiting.reasons[0].remedy, waiting.reasons[0].until) == (
        10,
        Remedy.SIGN_OUT,
        at(0, "09:45"),
    )
    assert standing(marks, at(0, "09:45:01")).possible == 8


def test_passed_with_online_hours_apart() -> None:
    training = replace(CLASS, required_periods=14, online_required=4)
    marks = attended(*UNITS[:4])
    assert standing(marks, at(9, "08:00"), training, online=4).prospect is Prospect.PASSED
    short = standing(marks, at(9, "08:00"), training, online=3)
    assert (short.prospect, [reason.code for reason in short.reasons][-1]) == (Prospect.OPEN, Code.ONLINE_SHORT)
    together = judge_trainee(UNITS, marks, training, TOGETHER, at(9, "08:00"), online=4)
    assert (together.needed, together.prospect) == (8, Prospect.PASSED)


def test_the_strict_reading_is_warned_of() -> None:
    marks = {"L0/1": Mark(at(0, "07:45"), at(0, "09:44"))}
    now = standing(marks, at(0, "10:00"))
    assert (now.credited, now.strict) == (2, 0)
    assert now.reasons[-1] == Reason(Code.STRICT_READING, {"credited": 2, "strict": 0})


def test_raw_minutes_can_already_be_lost_while_the_unit_is_open() -> None:
    policy = replace(JINAN, pair_limit=PairLimit(periods=2, basis="raw_minutes"))
    early = {"L0/1": Mark(at(0, "07:50"))}
    assert judge_trainee(UNITS, early, CLASS, policy, at(0, "08:00")).possible == 8
    assert judge_trainee(UNITS, early, CLASS, JINAN, at(0, "08:00")).possible == 10


sizes = st.lists(st.integers(1, 4), min_size=1, max_size=6)


@settings(deadline=None)
@given(sizes, st.integers(1, 20), st.data())
def test_the_forecast_holds_whichever_units_are_missed(periods: list[int], required: int, data: st.DataObject) -> None:
    """Missing any `spare_units` of what is left still passes; missing one more can fail."""
    lessons = [
        Lesson(f"L{day}", "C", FIRST + timedelta(days=day), time(8), periods=count) for day, count in enumerate(periods)
    ]
    units = attendance_units(lessons, JINAN)
    now = at(data.draw(st.integers(0, len(periods))), "07:00")
    past = [unit for unit in units if unit.sign_out.end < now]
    left = [unit for unit in units if unit not in past]
    came = attended(*(unit for unit in past if data.draw(st.booleans())))
    training = replace(CLASS, required_periods=required)
    now_standing = judge_trainee(units, came, training, JINAN, now)

    def passes(missed: tuple[AttendanceUnit, ...]) -> bool:
        marks = came | attended(*(unit for unit in left if unit not in missed))
        return reaches(credit(units, marks, JINAN, approved=required), required, JINAN)

    assert passes(()) == (now_standing.prospect is not Prospect.LOST)
    if passes(()):
        assert all(map(passes, combinations(left, now_standing.spare_units)))
        if now_standing.spare_units < len(left):
            assert not all(map(passes, combinations(left, now_standing.spare_units + 1)))


@pytest.mark.parametrize(
    ("verdicts", "total"),
    [
        ([Verdict.COMPLETE, Verdict.CANCELLED], Verdict.COMPLETE),
        ([Verdict.COMPLETE, Verdict.PARTIAL], Verdict.PARTIAL),
        ([Verdict.COMPLETE, Verdict.MISSING], Verdict.PARTIAL),
        ([Verdict.MISSING, Verdict.MISSING], Verdict.MISSING),
        ([Verdict.PARTIAL, Verdict.NOT_YET], Verdict.NOT_YET),
        ([Verdict.CANCELLED], Verdict.CANCELLED),
        ([], Verdict.NOT_YET),
    ],
)
def test_a_class_is_the_sum_of_its_lessons(verdicts: list[Verdict], total: Verdict) -> None:
    lessons = [LessonVerdict(str(number), verdict, (), ()) for number, verdict in enumerate(verdicts)]
    assert judge_class(CLASS, JINAN, lessons=lessons, trainees=(), units=UNITS).verdict is total


def test_a_class_counts_its_trainees_and_its_timetable() -> None:
    trainees = [standing(attended(*UNITS[:count]), at(9, "08:00")) for count in (5, 4, 3)]
    whole = judge_class(CLASS, JINAN, lessons=(), trainees=trainees, units=UNITS)
    assert (whole.trainees, whole.planned_periods, whole.reasons) == ({Prospect.PASSED: 2, Prospect.LOST: 1}, 10, ())
    short = judge_class(replace(CLASS, required_periods=12), JINAN, lessons=(), trainees=(), units=UNITS)
    assert short.reasons == (Reason(Code.TIMETABLE_SHORT, {"planned": 10, "required": 12}, Remedy.ADD_LESSONS),)
