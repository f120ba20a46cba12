"""Periods, units and edits that the golden cases leave out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.span import Span
from edge_agent.rules.policy import ExamRule, PairLimit
from edge_agent.rules.replay import Case, replay
from edge_agent.rules.revise import Edit, revise
from edge_agent.rules.windows import attendance_units, lesson_times, periods
from tests.rules.strategies import DAILY, JINAN

LESSON = Lesson("A", "C", date(2026, 3, 2), time(8), periods=4, break_minutes=10)


def at(clock: str, day: int = 2) -> datetime:
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), JINAN.zone)


def test_an_end_that_is_not_after_the_start_is_on_the_next_day() -> None:
    night = Lesson("N", "C", date(2026, 3, 2), time(22, 30), periods=2, end=time(0, 10))
    assert lesson_times(night, JINAN).end == at("00:10", day=3)
    (unit,) = attendance_units([night], JINAN)
    assert unit.sign_out == Span(at("00:09", day=3), at("00:25", day=3))


def test_a_period_counts_when_it_ends_with_the_lesson() -> None:
    for end, held in ((time(9, 40), [True, True, False, False]), (time(9, 39, 59), [True, False, False, False])):
        assert [period.held for period in periods(replace(LESSON, end=end), JINAN)] == held


def test_a_unit_that_would_start_at_the_end_is_none() -> None:
    assert [unit.id for unit in attendance_units([replace(LESSON, end=time(9, 50))], JINAN)] == ["A/1"]
    second = attendance_units([replace(LESSON, end=time(9, 51))], JINAN)[1]
    assert (second.id, second.periods, second.teaching) == ("A/2", 0, Span(at("09:50"), at("09:51")))


def test_an_end_in_the_break_leaves_the_first_unit_alone() -> None:
    (unit,) = attendance_units([replace(LESSON, end=time(9, 45))], JINAN)
    assert unit.teaching == Span(at("08:00"), at("09:40"))


def test_no_pair_limit_makes_one_unit_of_a_lesson() -> None:
    policy = replace(JINAN, pair_limit=PairLimit(periods=2, basis="off"))
    (unit,) = attendance_units([LESSON], policy)
    assert (unit.id, unit.periods) == ("A/1", 4)


def test_exam_periods_earn_nothing_unless_the_policy_says_so() -> None:
    exam = replace(LESSON, kind=LessonKind.EXAM)
    counting = replace(JINAN, exam=ExamRule(counts_hours=True))
    assert [unit.periods for unit in attendance_units([exam], JINAN)] == [0, 0]
    assert [unit.periods for unit in attendance_units([exam], counting)] == [2, 2]
    (day,) = attendance_units([exam, replace(LESSON, id="B", start=time(14), kind=LessonKind.OPENING)], DAILY)
    assert day.periods == 4


def test_raw_minutes_as_the_rule_itself() -> None:
    """119 minutes between the taps: whole under one reading, nothing under the other."""
    lesson = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2)
    case = Case((lesson,), (at("07:45"), at("09:44")))
    assert (replay(case, JINAN).credit, replay(case, JINAN).strict_credit) == (2, 0)
    strict = replace(JINAN, pair_limit=PairLimit(periods=2, basis="raw_minutes"))
    assert replay(case, strict).credit == 0
    in_ninety = Case((lesson,), (at("08:00"), at("09:30")))
    assert replay(in_ninety, strict).credit == 2


def test_the_strict_reading_is_no_matter_where_the_limit_is_off() -> None:
    case = Case((Lesson("A", "C", date(2026, 3, 2), time(9), periods=4),), (at("08:40"), at("17:10")))
    outcomes = replay(case, DAILY)
    assert outcomes.credit == outcomes.strict_credit == 4


def test_credit_is_capped_at_the_approved_periods() -> None:
    lesson = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2)
    assert replay(Case((lesson,), (at("08:00"), at("09:30")), approved=1), JINAN).credit == 1


def test_a_move_takes_an_earlier_end_back() -> None:
    ended = replace(LESSON, end=time(9))
    assert revise(ended, {"start": time(10)}).end is None
    assert revise(ended, {"start": time(10), "end": time(11)}).end == time(11)
    assert revise(ended, {"start": ended.start, "room": "R2"}).end == time(9)
    assert revise(ended, {"end": None}).end is None
    assert revise(ended, {"room": "R2"}).revision == ended.revision + 1


def test_an_edit_is_in_force_from_its_very_moment() -> None:
    lesson = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2)
    edits = (Edit(at("08:00"), "A", {"cancelled": True}), Edit(at("08:05"), "A", {"cancelled": False}))
    taps = tuple(at("07:59:59") + timedelta(seconds=second) for second in (0, 1, 300, 301))
    outcomes = replay(Case((lesson,), taps[1:], edits), JINAN)
    assert [visit[0].outcome.value for visit in outcomes.answers] == ["outside", "outside", "signed_in"]
    assert replay(Case((lesson,), taps[:1], edits), JINAN).answers[0][0].outcome.value == "signed_in"


def test_an_edit_of_an_unknown_lesson() -> None:
    with pytest.raises(KeyError):
        replay(Case((LESSON,), (), (Edit(at("08:00"), "Z", {}),)), JINAN)
