"""Snapshots and clips: which are owed, where their targets lie, and who owns the windows' ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import SlotKind, Span
from edge_agent.rules.policy import Policy
from edge_agent.rules.slots import retry_interval, slots
from edge_agent.rules.windows import lesson_times
from tests.rules.strategies import DEMO, JINAN, RANDOM, lesson_named

LESSON = Lesson("A", "C", date(2026, 3, 2), time(8), periods=2)


def at(clock: str) -> datetime:
    return datetime.combine(LESSON.date, time.fromisoformat(clock), JINAN.zone)


@settings(deadline=None)
@given(lesson_named("A"), st.sampled_from([JINAN, RANDOM, DEMO]))
def test_targets_lie_inside_and_windows_inside_the_lesson(lesson: Lesson, policy: Policy) -> None:
    own = slots(lesson, policy)
    assert len({slot.id for slot in own}) == len(own)
    times = lesson_times(lesson, policy)
    for slot in own:
        assert slot.takes(slot.target)
        if not slot.void:
            assert times.start <= slot.window.start <= slot.window.end <= times.owed_end
    assert own == slots(lesson, policy)


@pytest.mark.parametrize("policy", [JINAN, DEMO], ids=lambda policy: policy.id)
def test_a_periods_windows_cover_it_and_share_no_moment(policy: Policy) -> None:
    first = [slot for slot in slots(LESSON, policy) if slot.period == 1]
    assert [slot.kind for slot in first] == [SlotKind.OPENING, SlotKind.MIDDLE, SlotKind.CLOSING]
    for one, two in pairwise(first):
        assert one.window.end == two.window.start
        assert [slot.kind for slot in first if slot.takes(one.window.end)] in ([SlotKind.OPENING], [SlotKind.CLOSING])


def test_targets_are_jittered_around_the_figures() -> None:
    names = [replace(LESSON, id=f"L{number}") for number in range(50)]
    openings = {slots(lesson, JINAN)[0].target - at("08:00") for lesson in names}
    assert len(openings) == 50
    assert min(openings) >= timedelta(minutes=2)
    assert max(openings) <= timedelta(minutes=4)


def test_retries() -> None:
    opening, middle = slots(LESSON, JINAN)[:2]
    assert retry_interval(opening, JINAN) == timedelta(seconds=30)
    assert retry_interval(replace(middle, window=Span(at("08:00"), at("08:02"))), JINAN) == timedelta(seconds=12)


def test_clips_lie_in_their_thirds() -> None:
    clips = [slot for slot in slots(LESSON, RANDOM) if slot.kind is SlotKind.CLIP]
    assert [slot.id for slot in clips] == ["A/clip1", "A/clip2", "A/clip3"]
    for number, clip in enumerate(clips):
        third = Span(at("08:00") + timedelta(minutes=30 * number), at("08:30") + timedelta(minutes=30 * number))
        assert clip.length == timedelta(minutes=1)
        assert third.start <= clip.window.start
        assert clip.window.end <= third.end


def test_ended_early_voids_what_was_not_held() -> None:
    void = {slot.id: slot.void for slot in slots(replace(LESSON, end=time(9)), JINAN)}
    assert {name for name, why in void.items() if why == "ended_early"} == {
        "A/p2/opening",
        "A/p2/middle",
        "A/p2/closing",
    }
    photos = slots(replace(LESSON, end=time(9)), RANDOM)
    assert photos[-1].window == Span(at("08:50"), at("09:00"))
    assert not any(slot.void for slot in photos)


def test_an_overrun_owes_the_same_slots() -> None:
    for policy in (JINAN, RANDOM):
        assert slots(replace(LESSON, end=time(9, 50)), policy) == slots(LESSON, policy)


def test_cancelled_is_void_with_its_reason() -> None:
    assert {slot.void for slot in slots(replace(LESSON, cancelled=True), JINAN)} == {"cancelled"}
    stopped = replace(LESSON, cancelled=True, cancel_reason="台风")
    assert {slot.void for slot in slots(stopped, RANDOM)} == {"台风"}
