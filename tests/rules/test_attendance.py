"""What no trainee, no order of taps and no edit can bring about; and the engine against a slow second one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Outcome, accept, judge
from edge_agent.rules.policy import Policy
from edge_agent.rules.replay import Case, replay
from edge_agent.rules.revise import in_force
from edge_agent.rules.windows import attendance_units
from tests.rules import brute
from tests.rules.strategies import DAILY, DEMO, JINAN, RANDOM, cases, timetables

SECOND = timedelta(seconds=1)
POLICIES = pytest.mark.parametrize("policy", [JINAN, DAILY, RANDOM, DEMO], ids=lambda policy: policy.id)
any_policy = st.sampled_from([JINAN, DAILY, RANDOM, DEMO])
untimed = settings(deadline=None)


@untimed
@given(st.data(), any_policy)
def test_no_order_of_taps_earns_more_than_the_lessons_have(data: st.DataObject, policy: Policy) -> None:
    case = data.draw(cases(policy))
    outcomes = replay(case, policy)
    final = in_force(case.lessons, sorted(case.edits, key=lambda edit: edit.at))
    held = sum(lesson.periods for lesson in final if not lesson.cancelled)
    assert 0 <= outcomes.strict_credit <= outcomes.credit <= held
    shuffled = list(case.taps)
    random.Random(0).shuffle(shuffled)  # noqa: S311 - any other order does
    assert replay(replace(case, taps=tuple(shuffled)), policy).credit == outcomes.credit


@untimed
@given(st.data(), any_policy)
def test_credit_needs_two_visits_to_the_same_unit(data: st.DataObject, policy: Policy) -> None:
    case = data.draw(cases(policy))
    for tap in case.taps:
        assert replay(replace(case, taps=(tap,)), policy).credit == 0
    outcomes = replay(case, policy)
    for visit in outcomes.answers:
        named = [answer.unit.id for answer in visit if answer.unit is not None]
        assert len(named) == len(set(named))
    for mark in outcomes.marks.values():
        assert mark.signed_out is None or mark.signed_in < mark.signed_out


@untimed
@given(timetables, any_policy)
def test_windows_include_their_ends(lessons: tuple[Lesson, ...], policy: Policy) -> None:
    for unit in attendance_units(lessons, policy):
        alone = (unit,)
        for at in (unit.sign_in.start, unit.sign_in.end):
            (answer,) = judge(alone, {}, at)
            assert (answer.outcome, answer.unit) == (Outcome.SIGNED_IN, unit)
            marks = accept({}, (answer,), at)
            for leaves in (unit.sign_out.start, unit.sign_out.end):
                assert judge(alone, marks, leaves)[0].outcome is Outcome.SIGNED_OUT
            assert judge(alone, marks, unit.sign_out.end + SECOND)[0].outcome is Outcome.OUTSIDE
        assert judge(alone, {}, unit.sign_in.start - SECOND)[0].outcome is Outcome.OUTSIDE
        late = judge(alone, {}, unit.sign_in.end + SECOND)[0].outcome
        assert late in {Outcome.TOO_LATE, Outcome.NOT_SIGNED_IN}


@untimed
@given(st.data(), any_policy)
def test_an_edit_never_takes_an_accepted_tap_back(data: st.DataObject, policy: Policy) -> None:
    """Marks only grow: after each further tap, and each further edit, the earlier ones are still there."""
    case = data.draw(cases(policy))
    taps = sorted(case.taps)
    before = replay(replace(case, taps=()), policy).marks
    for count in range(1, len(taps) + 1):
        marks = replay(replace(case, taps=tuple(taps[:count])), policy).marks
        for unit, mark in before.items():
            assert marks[unit].signed_in == mark.signed_in
            assert mark.signed_out in (None, marks[unit].signed_out)
        before = marks
    if taps:
        earlier = tuple(edit for edit in case.edits if edit.at <= taps[-1])
        assert replay(replace(case, edits=earlier), policy).marks == before


@untimed
@given(st.data(), any_policy)
def test_a_repeated_tap_changes_nothing(data: st.DataObject, policy: Policy) -> None:
    """Whoever taps twice at once is answered, or leaves a unit that may be left."""
    case = data.draw(cases(policy, edited=False))
    outcomes = replay(case, policy)
    assert replay(replace(case, taps=(*case.taps, *case.taps)), policy).credit >= outcomes.credit
    for visit, at in zip(outcomes.answers, case.taps, strict=True):
        for answer in visit:
            if answer.outcome is Outcome.SIGNED_IN and answer.unit is not None:
                again = judge((answer.unit,), accept({}, (answer,), at), at)[0]
                assert again.outcome in {Outcome.ALREADY_SIGNED_IN, Outcome.SIGNED_OUT}


@POLICIES
def test_one_visit_does_not_open_and_close_a_held_unit(policy: Policy) -> None:
    """The windows of a unit with a held period never meet, so two taps in one break can't earn it."""
    lesson = Lesson("A", "C", date(2026, 3, 2), time(12), periods=1)
    for unit in attendance_units([lesson], policy):
        assert unit.sign_in.end < unit.sign_out.start


@settings(deadline=None, max_examples=300)
@given(st.data(), st.sampled_from([JINAN, DAILY]))
def test_the_engine_agrees_with_the_slow_one(data: st.DataObject, policy: Policy) -> None:
    case = data.draw(cases(policy))
    outcomes = replay(case, policy)
    person = brute.Person({}, {})
    order = sorted(range(len(case.taps)), key=lambda position: case.taps[position])
    for position in order:
        at = case.taps[position]
        known = brute.units(_lessons_at(case, at), daily=policy is DAILY)
        said = person.visit(known, brute.second(at))
        assert said == [
            (
                answer.unit and answer.unit.id,
                answer.outcome.value,
                None if answer.until is None else brute.second(answer.until),
            )
            for answer in outcomes.answers[position]
        ]
    final = brute.units(_lessons_at(case, None), daily=policy is DAILY)
    assert [_plain(unit) for unit in outcomes.units] == final
    assert outcomes.credit == brute.credit(final, person)
    if policy is JINAN:
        assert outcomes.strict_credit == brute.credit(final, person, seconds=2 * 45 * brute.MINUTE)


def _lessons_at(case: Case, at: datetime | None) -> list[Lesson]:
    """The lessons as edited until `at`, field by field."""
    lessons = {lesson.id: lesson for lesson in case.lessons}
    for edit in sorted(case.edits, key=lambda edit: edit.at):
        if at is not None and edit.at > at:
            continue
        old = lessons[edit.lesson]
        new = replace(old, **edit.changes)
        moved = (old.date, old.start, old.periods) != (new.date, new.start, new.periods)
        if moved and "end" not in edit.changes:
            new = replace(new, end=None)
        lessons[edit.lesson] = new
    return list(lessons.values())


def _plain(unit: AttendanceUnit) -> brute.Unit:
    moments = (unit.sign_in.start, unit.sign_in.end, unit.sign_out.start, unit.sign_out.end, unit.teaching.end)
    seconds = [int(brute.second(at)) for at in moments]
    return brute.Unit(int(brute.second(unit.teaching.start)), unit.id, unit.periods, *seconds)
