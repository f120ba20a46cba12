"""When a restart disturbs nobody."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from edge_agent.model.lesson import ByHand, Lesson, Timetable
from edge_agent.policies import load_policy
from edge_agent.rules.plan import Schedule
from edge_agent.upkeep.idle import idle_from

JINAN = load_policy("jinan-2024").policy
# 08:00 to 09:30 and 10:00 to 11:30: their windows to tap, a quarter of an hour on either side, leave no pause.
LESSONS = tuple(
    Lesson(name, "C", date(2026, 3, 2), time(hour), periods=2, room="R")
    for name, hour in (("morning", 8), ("noon", 10), ("afternoon", 14))
)
SCHEDULE = Schedule(Timetable(LESSONS, {"R": ("cam",)}), JINAN)


def at(clock: str) -> datetime:
    return datetime.combine(date(2026, 3, 2), time.fromisoformat(clock), JINAN.zone)


@pytest.mark.parametrize(
    ("now", "minutes", "expected"),
    [
        ("07:00", 0, "07:00"),
        ("07:30", 10, "07:30"),
        ("07:40", 10, "11:45"),
        ("08:45", 0, "11:45"),
        ("09:44", 0, "11:45"),
        ("11:45", 120, "11:45"),
        ("11:46", 120, "15:45"),
        ("16:00", 600, "16:00"),
    ],
)
def test_waits_for_the_last_window_of_a_lesson(now: str, minutes: int, expected: str) -> None:
    assert idle_from([SCHEDULE], [], at(now), timedelta(minutes=minutes)) == at(expected)


def test_a_recording_by_hand_is_waited_for() -> None:
    by_hand = ByHand("afternoon", "cam", at("15:30"), at("16:20"), "op")
    assert idle_from([SCHEDULE], [by_hand], at("15:00")) == at("16:20")


def test_an_empty_timetable_is_always_idle() -> None:
    assert idle_from([], [], at("09:00"), timedelta(hours=9)) == at("09:00")
