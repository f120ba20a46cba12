"""The rules a second time, slowly: seconds since midnight of the first day, figures written out, no shared code.

Written from the notice and the readings, for `jinan-2024` and `fixed-clock-daily`; the tests hold the engine to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from edge_agent.model.lesson import Lesson

MINUTE = 60
DAY = 24 * 60 * MINUTE
ORIGIN = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight of 2 March in Shanghai


def second(at: datetime) -> float:
    return (at - ORIGIN).total_seconds()


def moment(seconds: float) -> datetime:
    return ORIGIN + timedelta(seconds=seconds)


class Unit(NamedTuple):
    start: int
    name: str
    periods: int
    in_from: int
    in_to: int
    out_from: int
    out_to: int
    end: int


@dataclass
class Times:
    """A lesson in seconds: each period as (start, end), and when it was over."""

    periods: list[tuple[int, int]]
    over: int

    @property
    def start(self) -> int:
        return self.periods[0][0]


def times(lesson: Lesson) -> Times:
    midnight = (lesson.date - moment(0).date()).days * DAY - DAY  # ORIGIN is on the day before, in UTC
    at = midnight + lesson.start.hour * 3600 + lesson.start.minute * MINUTE
    every = []
    clock = at
    for _ in range(lesson.periods):
        every.append((clock, clock + 45 * MINUTE))
        clock += (45 + lesson.break_minutes) * MINUTE
    over = every[-1][1]
    if lesson.end is not None:
        over = midnight + lesson.end.hour * 3600 + lesson.end.minute * MINUTE
        while over <= at:
            over += DAY
    return Times(every, over)


def units(lessons: Iterable[Lesson], *, daily: bool) -> list[Unit]:
    running = [lesson for lesson in lessons if not lesson.cancelled]
    return sorted(_daily(running) if daily else [unit for lesson in running for unit in _by_two(lesson)])


def _by_two(lesson: Lesson) -> list[Unit]:
    told = times(lesson)
    made: list[Unit] = []
    left = list(told.periods)
    while left:
        pair, left = left[:2], left[2:]
        start, end = pair[0][0], pair[-1][1]
        if start >= told.over:
            break
        if told.over < end or not left:
            end = told.over
        counted = len([1 for _, until in pair if until <= told.over])
        name = f"{lesson.id}/{len(made) + 1}"
        window = (start - 15 * MINUTE, start + 15 * MINUTE, end - MINUTE, end + 15 * MINUTE)
        made.append(Unit(start, name, counted, *window, end))
    return made


def _daily(lessons: list[Lesson]) -> list[Unit]:
    made = []
    for day in {lesson.date for lesson in lessons}:
        own = [times(lesson) for lesson in lessons if lesson.date == day]
        midnight = ((day - moment(0).date()).days - 1) * DAY
        opens, closes = midnight + 8 * 3600 + 30 * MINUTE, midnight + 8 * 3600 + 50 * MINUTE
        leaves, ends = midnight + 17 * 3600, midnight + 17 * 3600 + 30 * MINUTE
        counted = sum(1 for told in own for _, until in told.periods if until <= told.over)
        start, end = min(told.start for told in own), max(told.over for told in own)
        made.append(Unit(start, f"day/{day}", counted, opens, closes, leaves, ends, end))
    return made


@dataclass
class Person:
    """What one trainee did so far."""

    came: dict[str, float]
    left: dict[str, float]

    def visit(self, given: list[Unit], at: float) -> list[tuple[str | None, str, int | None]]:
        """Give (unit, outcome, until) for each outcome of a visit, and remember it."""
        inside = [u for u in given if u.name in self.came and u.name not in self.left and at <= u.out_to]
        could_leave = [u for u in inside if u.out_from <= at]
        could_enter = [u for u in given if u.name not in self.came and u.in_from <= at <= u.in_to]
        said: list[tuple[str | None, str, int | None]] = []
        if could_leave:
            self.left[could_leave[0].name] = at
            said.append((could_leave[0].name, "signed_out", None))
        elif could_enter:
            if before := [u for u in inside if u.start <= could_enter[0].start]:
                return [(could_enter[0].name, "held", before[0].out_from)]
        elif inside:
            return [(inside[0].name, "already_signed_in", inside[0].out_from)]
        if could_enter:
            self.came[could_enter[0].name] = at
            said.append((could_enter[0].name, "signed_in", None))
        return said or [self._turned_away(given, at)]

    def _turned_away(self, given: list[Unit], at: float) -> tuple[str | None, str, int | None]:
        reasons: list[tuple[int, Unit]] = []
        for unit in given:
            if unit.name in self.left and unit.out_from <= at <= unit.out_to:
                reasons.append((1, unit))
            if unit.name not in self.came and unit.out_from <= at <= unit.out_to:
                reasons.append((2, unit))
            if unit.name not in self.came and unit.in_to < at < unit.out_from:
                reasons.append((3, unit))
        if not reasons:
            return None, "outside", None
        rank, unit = min(reasons)
        return unit.name, ["", "already_signed_out", "not_signed_in", "too_late"][rank], None


def credit(given: list[Unit], person: Person, *, seconds: float = float("inf")) -> int:
    """Sum the periods of whole pairs, each no longer than `seconds`."""
    return sum(
        unit.periods
        for unit in given
        if unit.name in person.left and person.left[unit.name] - person.came[unit.name] <= seconds
    )


def wanted(lessons: Iterable[Lesson], cameras: dict[str, tuple[str, ...]], at: float) -> dict[str, set[Any]]:
    """Say what is wanted at a moment under `jinan-2024`, lesson by lesson."""
    running = [(lesson, times(lesson)) for lesson in lessons if not lesson.cancelled]
    recordings = set()
    slots = set()
    for lesson, told in running:
        for camera in lesson.cameras or cameras.get(lesson.room, ()):
            busy = max(
                (
                    other.over
                    for own, other in running
                    if (other.start, other.over, own.id) < (told.start, told.over, lesson.id)
                    and camera in (own.cameras or cameras.get(own.room, ()))
                ),
                default=told.start - DAY,
            )
            begin = min(told.start, max(told.start - MINUTE, busy))
            if begin <= at < told.over:
                recordings.add((lesson.id, camera))
        for number, (start, end) in enumerate(told.periods, 1):
            if end > told.over:
                continue
            kinds = {
                "opening": start <= at <= start + 10 * MINUTE,
                "middle": start + 10 * MINUTE < at < end - 10 * MINUTE,
                "closing": end - 10 * MINUTE <= at <= end,
            }
            slots |= {f"{lesson.id}/p{number}/{kind}" for kind, here in kinds.items() if here}
    return {
        "recordings": recordings,
        "current": {lesson.id for lesson, told in running if told.start <= at < told.over},
        "units": {unit.name for unit in units(lessons, daily=False) if unit.in_from <= at <= unit.out_to},
        "slots": slots,
    }
