"""Cameras are looked at before a lesson, and their pictures during it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.capture.keyframe import Picture
from edge_agent.store.facts import read_facts
from tests.capture.fake_camera import stripes
from tests.capture.town import Still, Town
from tests.venue import at, reading

NOISE = np.random.default_rng(1)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, step=10.0)
    yield town
    town.close()


def _facts(town: Town, kind: str) -> list[dict[str, object]]:
    with reading(town.venue.database) as connection:
        return [dict(fact.data) for fact in read_facts(connection, kinds=(kind,))]


def test_a_rooms_cameras_are_tried_an_hour_and_half_an_hour_before_its_next_lesson(town: Town, tmp_path: Path) -> None:
    town.venue.clock.set(at("12:30"))
    town.start()
    town.live_until(at("13:10"))
    assert [
        (one["camera"], one["minutes_before"], one["ok"], one["cause"]) for one in _facts(town, "camera.checked")
    ] == [("k00", 60, False, "refused")]
    town.source = Still(tmp_path)
    town.live_until(at("13:50"))
    town.crash()
    (_, second) = _facts(town, "camera.checked")
    assert (second["lesson"], second["minutes_before"], second["ok"]) == ("0-0-1400", 30, True)


def test_a_device_that_was_switched_on_late_makes_up_for_the_check_that_is_due(town: Town) -> None:
    town.venue.clock.set(at("13:45"))
    town.start()
    town.live_until(at("13:46"))
    town.crash()
    assert [one["minutes_before"] for one in _facts(town, "camera.checked")] == [30]


def _moving() -> Picture:
    return (stripes() // 2 + NOISE.integers(0, 60, (27, 48, 3))).astype(np.uint8)


def _black() -> Picture:
    return NOISE.integers(0, 4, (27, 48, 3)).astype(np.uint8)


def _covered() -> Picture:
    return (90 + NOISE.integers(0, 4, (27, 48, 3))).astype(np.uint8)


@pytest.mark.parametrize(("shown", "judgement"), [(_black, "black"), (_covered, "covered"), (stripes, "frozen")])
def test_a_picture_that_shows_nothing_is_said_once_and_when_it_is_over(
    town: Town, shown: object, judgement: str
) -> None:
    lens = town.lenses["k00"]
    lens.picture = _moving
    town.venue.clock.set(at("08:00"))
    town.start()
    town.live_until(at("08:05"))
    assert _facts(town, "camera.picture") == []
    lens.picture = shown  # type: ignore[assignment] # parametrised
    town.live_until(at("08:12"))
    lens.picture = _moving
    town.live_until(at("08:15"))
    town.crash()
    said = _facts(town, "camera.picture")
    assert [(one["camera"], one["judgement"], one["lesson"]) for one in said] == [
        ("k00", judgement, "0-0-0800"),
        ("k00", "ok", "0-0-0800"),
    ]
