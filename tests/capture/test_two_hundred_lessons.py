"""200 lessons with random faults, on a clock that the test moves: nothing is owed that could have been given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import product
from pathlib import Path

import pytest

from edge_agent.capture import slots as slot_module
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import MediaKind
from edge_agent.model.span import Slot, SlotKind, Span
from edge_agent.rules.gaps import merge, subtract
from edge_agent.rules.plan import compile_schedule
from edge_agent.rules.windows import lesson_times
from edge_agent.store import gaps, media, slots
from edge_agent.store.database import Connection
from edge_agent.store.facts import check_chain, read_facts
from edge_agent.store.lessons import load_timetables
from tests.capture.town import STARTS, Town
from tests.venue import DAY, ZONE, policies, reading

ROOMS, DAYS = 10, 5
HOURS = ((time(7, 50), time(9, 40)), (time(9, 50), time(10, 55)), (time(13, 50), time(14, 55)))
ENOUGH = timedelta(seconds=35)


@pytest.mark.slow
def test_nothing_is_owed_that_could_have_been_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = Town(tmp_path, seed=20241008, rooms=ROOMS, days=DAYS, outages=6, step=20.0, close_step=5.0)
    monkeypatch.setattr(slot_module, "draw", town.draw)
    cancelled = town.chance.sample(range(ROOMS), 3)
    for day, (opens, closes) in product(range(DAYS), HOURS):
        date = DAY + timedelta(days=day)
        town.venue.clock.set(datetime.combine(date, opens, ZONE))
        town.start()
        middle = datetime.combine(date, opens, ZONE) + timedelta(minutes=town.chance.uniform(15, 50))
        town.live_until(middle)
        if opens == time(13, 50) and day < len(cancelled):
            _cancel(town, f"{day}-{cancelled[day]}-1400")
        town.crash()
        town.venue.clock.advance(town.chance.uniform(20, 400))
        town.start()
        town.live_until(datetime.combine(date, closes, ZONE))
        town.crash()
    with reading(town.venue.database) as connection:
        assert list(check_chain(connection)) == []
        (timetable,) = load_timetables(connection).values()
        schedule = compile_schedule(timetable, policies("jinan-2024").policy)
        assert len(schedule.lessons) == ROOMS * DAYS * len(STARTS)
        taken = {
            fact.data["slot"]: datetime.fromisoformat(fact.data["at"])
            for fact in read_facts(connection, kinds=("snapshot.taken",))
        }
        problems = [
            problem
            for lesson in schedule.lessons.values()
            for problem in (
                *_slot_problems(connection, town, taken, schedule.slots[lesson.id], timetable.cameras(lesson)),
                *_gap_problems(connection, lesson, timetable.cameras(lesson)),
            )
        ]
    assert problems == []
    town.close()


def _cancel(town: Town, name: str) -> None:
    with reading(town.venue.database) as connection:
        lesson = next(one for one in load_timetables(connection)["jinan-2024"].lessons if one.id == name)
    town.venue.save_lesson(replace(lesson, cancelled=True, cancel_reason="停电"))


def _slot_problems(
    connection: Connection,
    town: Town,
    taken: Mapping[str, datetime],
    owed: Sequence[Slot],
    cameras: Sequence[str],
) -> Iterator[str]:
    states = {state.id: state for state in slots.of_lesson(connection, owed[0].lesson)}
    for slot in owed:
        state = states.get(slot.id)
        if state is None:
            yield f"{slot.id}: nothing became of it"
        elif state.state == "taken" and not slot.takes(taken[slot.id]):
            yield f"{slot.id}: taken at {taken[slot.id]}, outside {slot.window}"
        elif slot.void and state.state == "missed":
            yield f"{slot.id}: missed, though it was not owed"
        elif state.state == "missed" and not state.cause:
            yield f"{slot.id}: missed for no reason"
        elif state.state == "missed" and slot.kind is not SlotKind.CLIP:
            given = max((_longest(town, camera, slot.window) for camera in cameras), default=timedelta(0))
            if given >= ENOUGH:
                yield f"{slot.id}: missed ({state.cause}), though a camera gave frames for {given}"


def _longest(town: Town, camera: str, window: Span) -> timedelta:
    """Give the longest time inside the window in which a camera gave frames to a living service."""
    broken = [Span(start, end) for start, end, _ in town.lenses[camera].faults]
    longest = timedelta(0)
    for alive in town.alive:
        if alive.overlaps(window):
            inside = Span(max(alive.start, window.start), min(alive.end, window.end))
            longest = max(longest, *(span.length for span in subtract(inside, broken)), timedelta(0))
    return longest


def _gap_problems(connection: Connection, lesson: Lesson, cameras: Sequence[str]) -> Iterator[str]:
    if lesson.cancelled:
        return
    taught = lesson_times(lesson, policies("jinan-2024").policy).taught
    for camera in cameras:
        rows = media.of_camera(connection, camera, MediaKind.RECORDING, taught.start, taught.end)
        noted = [gap for gap in gaps.of_lesson(connection, lesson.id) if gap.camera == camera]
        recorded = merge(Span(row.start, row.end) for row in rows)
        explained = [Span(gap.start, gap.end) for gap in noted if gap.end is not None]
        for hole in subtract(taught, [*recorded, *explained]):
            if hole.length > timedelta(seconds=1):
                yield f"{lesson.id} {camera}: {hole.start} to {hole.end} is neither recorded nor a gap"
        for gap in explained:
            for span in recorded:
                if gap.overlaps(span) and min(gap.end, span.end) - max(gap.start, span.start) > timedelta(seconds=1):
                    yield f"{lesson.id} {camera}: the gap of {gap.start} was recorded"
