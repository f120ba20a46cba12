"""录制 by hand: before the lesson, of several rooms at once, longer than planned, and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

import pytest

from edge_agent.model.media import MediaKind
from edge_agent.store import gaps, media
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import request_recording
from tests.capture.town import Town
from tests.venue import ZONE, at, reading


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, rooms=3, step=2.0, close_step=2.0)
    yield town
    town.close()


def _ask(town: Town, room: int, action: Literal["start", "stop", "extend"], start: str, end: str) -> None:
    """For the lesson at ten of a room, and its first camera."""
    town.venue.writer.run(
        lambda tx: request_recording(
            tx,
            lesson=f"0-{room}-1000",
            camera=f"k{room}0",
            action=action,
            start=at(start),
            end=at(end),
            by="test",
        )
    )


def _span(town: Town, camera: str, start: datetime, end: datetime) -> tuple[str, str]:
    with reading(town.venue.database) as connection:
        rows = media.of_camera(connection, camera, MediaKind.RECORDING, start, end)
        assert [gap for lesson in {row.lesson for row in rows} for gap in gaps.of_lesson(connection, lesson)] == []
    return f"{rows[0].start.astimezone(ZONE):%H:%M}", f"{rows[-1].end.astimezone(ZONE):%H:%M}"


def test_a_batch_begins_up_to_ten_minutes_before_the_lesson(town: Town) -> None:
    town.venue.clock.set(at("09:45"))
    town.start()
    for room in range(3):
        _ask(town, room, "start", "09:45", "10:45")
    town.live_until(at("10:47"))
    town.crash()
    for camera in ("k00", "k10", "k20"):
        assert _span(town, camera, at("09:45"), at("10:50")) == ("09:50", "10:45"), "ten minutes, not fifteen"
    with reading(town.venue.database) as connection:
        started = [fact.data for fact in read_facts(connection, kinds=("recording.started",))]
    assert sorted((one["lesson"], one["trigger"]) for one in started if one["camera"] != "k11") == [
        (f"0-{room}-1000", "hand") for room in range(3)
    ]


def test_an_extension_goes_on_after_the_lessons_end(town: Town) -> None:
    town.venue.clock.set(at("09:58"))
    town.start()
    town.live_until(at("10:40"))
    _ask(town, 0, "extend", "10:40", "11:00")
    town.live_until(at("11:02"))
    town.crash()
    assert _span(town, "k20", at("09:58"), at("11:05"))[1] == "10:45"
    with reading(town.venue.database) as connection:
        rows = media.of_camera(connection, "k00", MediaKind.RECORDING, at("09:58"), at("11:05"))
        stopped = [fact.data for fact in read_facts(connection, kinds=("recording.stopped",))]
    assert f"{rows[-1].end.astimezone(ZONE):%H:%M}" == "11:00"
    assert {row.lesson for row in rows} == {"0-0-1000"}
    assert [one["cause"] for one in stopped] == ["ended"] * 4


def test_a_stop_ends_what_was_begun_by_hand(town: Town) -> None:
    town.venue.clock.set(at("09:51"))
    town.start()
    _ask(town, 0, "start", "09:51", "09:58")
    town.live_until(at("09:53"))
    _ask(town, 0, "stop", "09:51", "09:58")
    town.live_until(at("09:56"))
    town.crash()
    assert _span(town, "k00", at("09:45"), at("10:00")) == ("09:51", "09:53")
