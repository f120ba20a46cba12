"""The hours in which recordings go: in the venue's own time, whatever the machine's zone, across midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge_agent.model.media import MediaKind, UploadPolicy
from edge_agent.settings import MediaRule, MediaSettings, SyncSettings
from edge_agent.sync.order import Order

JINAN, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
MEDIA = MediaSettings(recording=MediaRule(upload=UploadPolicy.ALL, min_keep_days=1, keep_days=2))


def goes(hours: str, at: datetime, zone: ZoneInfo = JINAN) -> bool:
    """Say whether recordings that nobody asked for go at an instant."""
    (wanted,) = [
        wanted
        for wanted in Order(MEDIA, SyncSettings(recordings_between=hours), zone)(at.astimezone(UTC))
        if wanted.kind is MediaKind.RECORDING
    ]
    return wanted.all


@pytest.mark.parametrize(
    ("hours", "time", "expected"),
    [
        ("22:00-06:00", "21:59:59.999999", False),
        ("22:00-06:00", "22:00:00", True),
        ("22:00-06:00", "23:59:59.999999", True),
        ("22:00-06:00", "00:00:00", True),
        ("22:00-06:00", "05:59:59.999999", True),
        ("22:00-06:00", "06:00:00", False),
        ("12:00-13:30", "11:59:59", False),
        ("12:00-13:30", "12:00:00", True),
        ("12:00-13:30", "13:30:00", False),
        ("00:00-06:00", "00:00:00", True),
        ("20:00-00:00", "23:59:59", True),
        ("20:00-00:00", "00:00:00", False),
        ("", "12:00:00", True),
    ],
)
def test_hours_begin_and_end_to_the_microsecond(hours: str, time: str, *, expected: bool) -> None:
    assert goes(hours, datetime.fromisoformat(f"2026-03-02 {time}").replace(tzinfo=JINAN)) is expected


def test_a_night_is_as_long_as_the_clocks_of_the_place_make_it() -> None:
    """Minutes of 22:00-06:00 in an ordinary night, and in those in which summer time begins and ends."""

    def minutes(year: int, month: int, day: int) -> int:
        noon = datetime(year, month, day, 12, tzinfo=BERLIN).astimezone(UTC)
        return sum(goes("22:00-06:00", noon + timedelta(minutes=each), BERLIN) for each in range(24 * 60))

    assert [minutes(2026, 3, 10), minutes(2026, 3, 28), minutes(2026, 10, 24)] == [480, 420, 540]


def test_a_clock_that_is_set_counts_from_its_next_look() -> None:
    night = datetime(2026, 3, 2, 23, tzinfo=JINAN)
    assert [goes("22:00-06:00", night + timedelta(hours=step)) for step in (0, -8, 0, 8)] == [True, False, True, False]
