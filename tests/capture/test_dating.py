"""What was recorded while nobody knew the time is sorted once the time is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.model.media import MediaKind
from edge_agent.model.stamp import Trust
from edge_agent.store import gaps, media
from edge_agent.store.facts import read_anchors, read_facts
from tests.capture.town import Town
from tests.venue import ZONE, at, reading

WRONG = timedelta(hours=-5, minutes=-7)  # how far the clock is off, as one that lost its power is
LESSON = "0-0-0800"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    town.venue.clock.set(at("07:59"))
    town.venue.clock.step(WRONG.total_seconds())
    town.venue.clock.trust = Trust.UNTRUSTED
    yield town
    town.close()


def _recorded(town: Town) -> list[tuple[datetime, datetime, str]]:
    with reading(town.venue.database) as connection:
        return [(row.start, row.end, row.lesson) for row in media.present(connection, MediaKind.RECORDING)]


def _learn_the_time(town: Town) -> None:
    town.venue.clock.step(-WRONG.total_seconds())
    town.venue.clock.trust = Trust.SYNCED


def test_a_lesson_recorded_under_a_wrong_clock_is_whole_once_it_is_right(town: Town) -> None:
    town.start()
    town.live_until(at("08:20") + WRONG)
    assert {lesson for _, _, lesson in _recorded(town)} == {""}
    _learn_the_time(town)
    town.live_until(at("08:48"))
    town.crash()
    recorded = _recorded(town)
    assert recorded[0][0] < at("08:00")
    assert {lesson for start, end, lesson in recorded if end <= at("08:45") and start >= at("08:00")} == {LESSON}
    for (_, before, _), (after, _, _) in itertools.pairwise(recorded):
        assert abs(after - before) < timedelta(seconds=3)
    with reading(town.venue.database) as connection:
        assert gaps.of_lesson(connection, LESSON) == []
        dated = [fact.data for fact in read_facts(connection, kinds=("segment.dated",))]
        (anchor,) = read_anchors(connection)
    assert anchor.wall == at("08:20") or anchor.wall.astimezone(ZONE) >= at("08:20")
    assert [one["lessons"] for one in dated][1:] == [[LESSON]] * (len(dated) - 1)


def test_a_lesson_that_was_over_by_then_is_sorted_too_and_its_gap_noted(town: Town) -> None:
    town.start()
    town.live_until(at("08:20") + WRONG)
    town.crash()
    town.venue.clock.advance(600)
    town.start()
    town.live_until(at("09:50") + WRONG)
    _learn_the_time(town)
    town.live_until(at("09:54"))
    town.crash()
    with reading(town.venue.database) as connection:
        (gap,) = gaps.of_lesson(connection, LESSON)
    assert gap.end is not None
    assert timedelta(seconds=595) < gap.end - gap.start < timedelta(seconds=610)
    assert {lesson for _, _, lesson in _recorded(town)} >= {LESSON, "0-0-0845"}
