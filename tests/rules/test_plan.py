"""The plan against a scan of every lesson, and what an edit, a hand or a boundary does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.lesson import ByHand, Lesson, Timetable
from edge_agent.model.span import SlotKind, Span
from edge_agent.rules.plan import Schedule, by_hand_opens, compile_schedule, plan, teaching
from tests.rules import brute
from tests.rules.strategies import DAILY, JINAN, taps_of, timetables

CAMERAS = {"R1": ("cam1", "cam2"), "R2": ("cam2",)}
MORNING = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2, room="R1")
NEXT = Lesson("B", "C", date(2026, 3, 2), time(9, 30), periods=2, room="R1")


def at(clock: str, day: int = 2) -> datetime:
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), JINAN.zone)


def timetable(*lessons: Lesson) -> Timetable:
    return Timetable(lessons, CAMERAS)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_equals_a_scan_of_every_lesson(data: st.DataObject) -> None:
    lessons = data.draw(timetables)
    schedule = Schedule(Timetable(lessons, CAMERAS), JINAN)
    for now in data.draw(st.lists(taps_of(lessons, JINAN), min_size=1, max_size=8)):
        wanted = schedule.plan(now)
        assert {
            "recordings": {(each.lesson, each.camera) for each in wanted.recordings},
            "current": {lesson.id for lesson in wanted.current},
            "units": {unit.id for unit in wanted.units},
            "slots": {slot.id for slot in wanted.slots},
        } == brute.wanted(lessons, CAMERAS, brute.second(now))


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_nothing_changes_before_the_next_change(data: st.DataObject) -> None:
    lessons = data.draw(timetables)
    schedule = Schedule(Timetable(lessons, CAMERAS), JINAN)
    now = data.draw(taps_of(lessons, JINAN))
    first = schedule.plan(now)
    step = timedelta(microseconds=1)  # a window's end belongs to it: what is open at an end closes just after
    later = (first.next_change - step) if first.next_change else now + timedelta(days=9)
    if now + step < later:
        first, last = schedule.plan(now + step), schedule.plan(later)
        assert replace(first, at=later) == last
        assert {slot.id for slot in first.due} == {slot.id for slot in last.due}


def test_back_to_back_lessons_are_cut_at_the_boundary() -> None:
    schedule = Schedule(timetable(MORNING, NEXT), JINAN)
    spans = {(each.lesson, each.camera): each.span for each in schedule.recordings}
    assert spans["A", "cam1"] == Span(at("07:59"), at("09:30"))
    assert spans["B", "cam1"] == Span(at("09:30"), at("11:00"))
    for clock, lesson in (("09:29:59", "A"), ("09:30", "B")):
        assert {each.lesson for each in schedule.plan(at(clock)).recordings} == {lesson}


def test_a_short_break_shortens_the_pre_roll() -> None:
    schedule = Schedule(timetable(replace(MORNING, end=time(9, 29, 30)), NEXT), JINAN)
    assert {each.span.start for each in schedule.recordings if each.lesson == "B"} == {at("09:29:30")}


def test_a_pre_roll_stays_out_of_the_longest_lesson_not_the_last() -> None:
    """Two classes share a camera: the short lesson inside the long one doesn't make it free."""
    long, short = replace(MORNING, id="L", periods=5), replace(MORNING, id="S", periods=1, start=time(9))
    third = replace(MORNING, id="T", start=time(11, 30))
    spans = {
        (each.lesson, each.camera): each.span for each in Schedule(timetable(long, short, third), JINAN).recordings
    }
    assert spans["T", "cam1"].start == at("11:30")


def test_another_camera_is_not_cut() -> None:
    """The pre-roll of a lesson next door doesn't care."""
    schedule = Schedule(timetable(MORNING, replace(NEXT, room="", cameras=("cam9",))), JINAN)
    assert {each.span.start for each in schedule.recordings if each.lesson == "B"} == {at("09:29")}


def test_a_pre_roll_stays_out_of_a_lesson_of_another_policy() -> None:
    """Two classes under two policies share a camera: the second's pre-roll waits for the first's end."""
    others = teaching(timetable(MORNING), DAILY)
    schedule = Schedule(timetable(NEXT), JINAN, others)
    assert {(each.lesson, each.span.start) for each in schedule.recordings} == {("B", at("09:30"))}
    cancelled = teaching(timetable(replace(MORNING, cancelled=True)), DAILY)
    assert {each.span.start for each in Schedule(timetable(NEXT), JINAN, cancelled).recordings} == {at("09:29")}


def test_by_hand_starts_early_and_extends() -> None:
    table = timetable(MORNING)
    assert by_hand_opens(MORNING, JINAN) == at("07:50")
    early = ByHand("A", "cam1", at("07:40"), at("08:10"), by="u1")
    assert plan(table, JINAN, at("07:49:59"), [early]).recordings == ()
    (recording,) = plan(table, JINAN, at("07:50"), [early]).recordings
    assert (recording.camera, recording.by_hand, recording.span) == ("cam1", True, Span(at("07:50"), at("08:10")))
    longer = ByHand("A", "cam1", at("09:20"), at("09:50"), by="u1")
    both = {each.camera: each.span.end for each in plan(table, JINAN, at("09:25"), [longer]).recordings}
    assert both == {"cam1": at("09:50"), "cam2": at("09:30")}
    after = plan(table, JINAN, at("09:40"), [longer])
    assert [each.camera for each in after.recordings] == ["cam1"]
    assert after.next_change == at("09:45")
    assert plan(table, JINAN, at("09:46"), [longer]).next_change == at("09:50")


def test_another_camera_by_hand_and_an_unknown_lesson() -> None:
    extra = ByHand("A", "cam7", at("08:30"), at("08:40"), by="u1")
    lost = ByHand("gone", "cam8", at("08:30"), at("08:40"), by="u1")
    wanted = plan(timetable(MORNING), JINAN, at("08:31"), [extra, lost])
    assert sorted(each.camera for each in wanted.recordings) == ["cam1", "cam2", "cam7"]


def test_now_in_any_zone() -> None:
    table = timetable(MORNING)
    assert plan(table, JINAN, at("08:30").astimezone(UTC)) == plan(table, JINAN, at("08:30"))


def test_compiled_once_for_a_timetable() -> None:
    table = timetable(MORNING)
    assert compile_schedule(table, JINAN) is compile_schedule(table, JINAN)
    assert compile_schedule(timetable(MORNING), JINAN) is not compile_schedule(table, JINAN)


def test_upcoming_is_the_next_of_each_room() -> None:
    later = replace(NEXT, id="B2", start=time(14))
    other = replace(NEXT, id="D", room="R2", date=date(2026, 3, 3))
    wanted = plan(timetable(MORNING, NEXT, later, other), JINAN, at("08:30"))
    assert [lesson.id for lesson in wanted.current] == ["A"]
    assert [lesson.id for lesson in wanted.upcoming] == ["B", "D"]


def test_due_and_tapping_at_their_times() -> None:
    table = timetable(MORNING)
    target = next(slot.target for slot in Schedule(table, JINAN).slots["A"] if slot.kind is SlotKind.OPENING)
    assert plan(table, JINAN, target - timedelta(seconds=1)).due == ()
    assert [slot.id for slot in plan(table, JINAN, target).due] == ["A/p1/opening"]
    assert [unit.id for unit in plan(table, JINAN, at("08:15")).tapping] == ["A/1"]
    assert plan(table, JINAN, at("08:15:01")).tapping == ()
    assert [unit.id for unit in plan(table, JINAN, at("08:15:01")).units] == ["A/1"]


def test_a_cancelled_lesson_wants_nothing() -> None:
    gone = replace(MORNING, cancelled=True, cancel_reason="停电")
    schedule = Schedule(timetable(gone), JINAN)
    wanted = schedule.plan(at("08:05"))
    assert (wanted.recordings, wanted.current, wanted.units, wanted.slots) == ((), (), (), ())
    assert {slot.void for slot in schedule.slots["A"]} == {"停电"}


def test_late_slots_are_found_by_span() -> None:
    schedule = Schedule(timetable(MORNING), JINAN)
    found = schedule.slots_within(Span(at("08:00"), at("08:20")))
    assert [slot.id for slot in found] == ["A/p1/opening", "A/p1/middle"]
    assert {each.camera for each in schedule.recordings_within(Span(at("07:59"), at("07:59")))} == {"cam1", "cam2"}


def test_subgroups_see_their_own_units() -> None:
    left = replace(NEXT, id="L", subgroup="甲", room="R1")
    right = replace(NEXT, id="R", subgroup="乙", room="R2")
    by_lesson = Schedule(timetable(MORNING, left, right), JINAN)
    assert [unit.id for unit in by_lesson.units("C", "甲")] == ["A/1", "L/1"]
    assert [unit.id for unit in by_lesson.units("C", "丙")] == ["A/1"]
    assert [unit.id for unit in by_lesson.plan(at("09:35")).units] == ["A/1", "L/1", "R/1"]
    by_day = Schedule(timetable(MORNING, left, right), DAILY)
    assert [(unit.periods, unit.lessons) for unit in by_day.units("C", "乙")] == [(4, ("A", "R"))]
    assert [(unit.periods, unit.lessons) for unit in by_day.units("C")] == [(2, ("A",))]
    assert by_day.units("nobody") == ()
