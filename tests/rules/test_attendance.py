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
from edge_agent.rules.revise import Changes, Edit, in_force
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


AT_EIGHT_AND_TEN = tuple(
    Lesson(name, "C", date(2026, 3, 2), start, periods=2) for name, start in (("A", time(8)), ("B", time(10)))
)


@pytest.mark.parametrize("moved", [{"start": time(14)}, {"date": date(2026, 3, 3)}], ids=["afternoon", "tomorrow"])
def test_a_lesson_moved_away_does_not_bar_the_one_before_it(moved: Changes) -> None:
    """Who signed in to A at 07:50 comes to B at 09:50, and to A when it is held: both are earned."""
    day = moved.get("date", date(2026, 3, 2))
    begins = moved.get("start", time(8))

    def at(clock: str, on: date = date(2026, 3, 2)) -> datetime:
        return datetime.combine(on, time.fromisoformat(clock), JINAN.zone)

    leaves = datetime.combine(day, begins, JINAN.zone) + timedelta(minutes=95)
    taps = (at("07:50"), at("09:50"), at("11:35"), leaves)
    outcomes = replay(Case(AT_EIGHT_AND_TEN, taps, (Edit(at("07:55"), "A", moved),)), JINAN)
    said = [[(answer.unit and answer.unit.id, answer.outcome.value) for answer in visit] for visit in outcomes.answers]
    assert said == [[("A/1", "signed_in")], [("B/1", "signed_in")], [("B/1", "signed_out")], [("A/1", "signed_out")]]
    assert outcomes.credit == 4


def test_a_lesson_moved_a_little_still_holds_the_next() -> None:
    taps = tuple(datetime(2026, 3, 2, hour, 50, tzinfo=JINAN.zone) for hour in (7, 9))
    edit = Edit(datetime(2026, 3, 2, 7, 55, tzinfo=JINAN.zone), "A", {"start": time(9)})
    (answer,) = replay(Case(AT_EIGHT_AND_TEN, taps, (edit,)), JINAN).answers[1]
    assert (answer.outcome, answer.until) == (Outcome.HELD, datetime(2026, 3, 2, 10, 29, tzinfo=JINAN.zone))


@POLICIES
def test_one_visit_does_not_open_and_close_a_held_unit(policy: Policy) -> None:
    """The windows of a unit with a held period never meet, so two taps in one break can't earn it."""
    lesson = Lesson("A", "C", date(2026, 3, 2), time(12), periods=1)
    for unit in attendance_units([lesson], policy):
        assert unit.sign_in.end < unit.sign_out.start


@settings(deadline=None, max_examples=300)
@given(st.data(), st.sampled_from([JINAN, DAILY, RANDOM]))
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
    if policy is not DAILY:
        assert outcomes.strict_credit == brute.credit(final, person, seconds=2 * 45 * brute.MINUTE)


def _lessons_at(case: Case, at: datetime | None) -> list[Lesson]:
    """The trainee's lessons as edited until `at`, field by field."""
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
    return [lesson for lesson in lessons.values() if lesson.subgroup in {"", case.subgroup}]


def _plain(unit: AttendanceUnit) -> brute.Unit:
    moments = (unit.sign_in.start, unit.sign_in.end, unit.sign_out.start, unit.sign_out.end, unit.teaching.end)
    seconds = [int(brute.second(at)) for at in moments]
    return brute.Unit(int(brute.second(unit.teaching.start)), unit.id, unit.periods, *seconds)
