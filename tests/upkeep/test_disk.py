"""What still fits, and for how long."""

from __future__ import annotations

from datetime import date

import pytest

from edge_agent.upkeep.disk import Forecast, Level, Reserves, forecast, level

RESERVES = Reserves(checkin=200, snapshot=500, substream=2000)
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        (2001, Level.ALL),
        (2000, Level.SUBSTREAM),
        (701, Level.SUBSTREAM),
        (700, Level.SNAPSHOTS),
        (201, Level.SNAPSHOTS),
        (200, Level.CHECKIN),
        (0, Level.CHECKIN),
    ],
)
def test_video_gives_way_before_snapshots_and_they_before_check_in(free: int, expected: Level) -> None:
    assert level(free, RESERVES) is expected


def test_the_lessons_that_fit_are_counted_and_the_full_day_is_named() -> None:
    planned = {MONDAY: [10.0, 10.0], TUESDAY: [10.0, 10.0]}
    assert forecast(300, planned, 10.0, days=5) == Forecast(3, TUESDAY)
    assert forecast(400, planned, 10.0, days=5) == Forecast(4, None)
    assert forecast(99, planned, 10.0, days=5) == Forecast(0, MONDAY)


def test_only_the_teaching_days_of_the_horizon_count() -> None:
    planned = {MONDAY: [10.0], TUESDAY: [10.0]}
    assert forecast(100, planned, 10.0, days=1) == Forecast(1, None)
    assert forecast(0, {}, 10.0, days=5) == Forecast(0, None)
