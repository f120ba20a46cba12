"""How a timetable's row becomes lessons: periods and breaks out of times, and rows longer than one sign-in covers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from edge_agent.intake.values import Unreadable

MOST_PERIODS = 16
LONGEST_BREAK = timedelta(hours=1)
LONGEST_BLOCK = timedelta(hours=12)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of teaching as the row says it; what it doesn't say is None. `length` is from start to end."""

    start: datetime
    length: timedelta | None = None
    periods: int | None = None
    break_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One lesson to be made."""

    start: datetime
    periods: int
    break_minutes: int

    def end(self, period: timedelta) -> datetime:
        return self.start + period * self.periods + MINUTE * self.break_minutes * (self.periods - 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """`pause` minutes pass between parts; `guessed` when the row leaves open where its breaks lie."""

    periods: int
    break_minutes: int
    pause: int
    guessed: bool = False


def join(blocks: list[Block], period: timedelta) -> list[Block]:
    """Make one block of single periods with equal breaks (08:00-08:45, 08:55-09:40); leave other lists as they are."""
    starts = [block.start for block in blocks]
    steps = {later - earlier for earlier, later in pairwise(starts)}
    if len(steps) != 1 or any(block.length != period for block in blocks):
        return blocks
    pause = steps.pop() - period
    if not timedelta(0) <= pause <= LONGEST_BREAK:
        return blocks
    return [Block(starts[0], starts[-1] - starts[0] + period, len(blocks), pause // MINUTE)]


def shape_of(block: Block, *, period: timedelta, pair: int) -> Shape:
    """Find a block's periods and breaks; a pause may follow each `pair` of periods."""
    if block.length is None:
        if block.periods is None:
            raise Unreadable("lesson_no_end")
        pause = block.break_minutes or 0
        return Shape(block.periods, pause, pause)
    if block.length > LONGEST_BLOCK:
        raise Unreadable("time_order")
    periods = block.periods or block.length // period
    rest = block.length - periods * period
    words = {"minutes": _minutes(block.length), "periods": max(periods, 1), "length": _minutes(period)}
    if periods == 0 or rest < timedelta(0):
        raise Unreadable("lesson_short", **words)
    if periods > MOST_PERIODS:
        raise Unreadable("number_range", text=periods, low=1, high=MOST_PERIODS)
    return _breaks(block, periods, rest, pair=pair, words=words)


def _breaks(block: Block, periods: int, rest: timedelta, *, pair: int, words: Mapping[str, object]) -> Shape:
    """Lay the minutes that aren't teaching between the periods, or only between the pairs of them."""
    gaps, pauses = periods - 1, (periods - 1) // pair
    given = block.break_minutes
    if not rest and not given:
        return Shape(periods, 0, 0)
    if given is not None:
        if MINUTE * given * gaps == rest:
            return Shape(periods, given, given)
        if MINUTE * given * pauses == rest:
            return Shape(periods, 0, given)
        raise Unreadable("lesson_breaks", **words, rest=_minutes(rest), given=given)
    by_gap, by_pause = _share(rest, gaps), _share(rest, pauses)
    guessed = block.periods is None or bool(by_gap and by_pause and gaps != pauses)
    if by_gap:
        return Shape(periods, by_gap, by_gap, guessed)
    if by_pause:
        return Shape(periods, 0, by_pause, guessed)
    raise Unreadable("lesson_long", **words, rest=_minutes(rest))


def _share(rest: timedelta, among: int) -> int:
    """Give each one's whole minutes; 0 where they don't come out even, or are no break any more."""
    if not among or rest > LONGEST_BREAK * among or rest % (MINUTE * among):
        return 0
    return rest // (MINUTE * among)


def _minutes(length: timedelta) -> str:
    return f"{length / MINUTE:g}"


def parts_of(start: datetime, shape: Shape, *, period: timedelta, pair: int, limited: bool) -> tuple[Part, ...]:
    """Cut what one sign-in can't cover: 4 periods are 2+2, 3 are 2+1. Where nothing is `limited` only a pause cuts."""
    if shape.periods <= pair or (not limited and shape.pause == shape.break_minutes):
        return (Part(start, shape.periods, shape.break_minutes),)
    step = pair * period + MINUTE * ((pair - 1) * shape.break_minutes + shape.pause)
    return tuple(
        Part(start + step * number, min(pair, shape.periods - first), shape.break_minutes)
        for number, first in enumerate(range(0, shape.periods, pair))
    )
