"""How a timetable's row becomes lessons: periods and breaks out of times, and rows longer than one sign-in covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from edge_agent.intake.values import Unreadable

MOST_PERIODS = 16
LONGEST_BREAK = 60
LONGEST_MINUTES = 12 * 60


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of teaching as the row says it; what it doesn't say is None. `minutes` are from start to end."""

    start: datetime
    minutes: int | None = None
    periods: int | None = None
    break_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One lesson to be made."""

    start: datetime
    periods: int
    break_minutes: int


@dataclass(frozen=True, slots=True)
class Shape:
    """`between` parts pass `pause` minutes; `guessed` when the row leaves open where its breaks lie."""

    periods: int
    break_minutes: int
    pause: int
    guessed: bool = False


def join(blocks: list[Block], length: int) -> list[Block]:
    """Make one block of single periods with equal breaks (08:00-08:45, 08:55-09:40); leave other lists as they are."""
    starts = [block.start for block in blocks]
    steps = {int((later - earlier) / timedelta(minutes=1)) for earlier, later in pairwise(starts)}
    if len(steps) != 1 or any(block.minutes != length for block in blocks):
        return blocks
    pause = steps.pop() - length
    if not 0 <= pause <= LONGEST_BREAK:
        return blocks
    minutes = length * len(blocks) + pause * (len(blocks) - 1)
    return [Block(blocks[0].start, minutes, len(blocks), pause)]


def shape_of(block: Block, *, length: int, pair: int) -> Shape:
    """Find a block's periods and breaks; `length` is a period's in minutes, a pause may follow each `pair` of them."""
    if block.minutes is None:
        if block.periods is None:
            raise Unreadable("lesson_no_end")
        pause = block.break_minutes or 0
        return Shape(block.periods, pause, pause)
    if block.minutes > LONGEST_MINUTES:
        raise Unreadable("time_order")
    periods = block.periods or block.minutes // length
    rest = block.minutes - periods * length
    if periods == 0 or rest < 0:
        raise Unreadable("lesson_short", minutes=block.minutes, periods=max(periods, 1), length=length)
    return _breaks(block, periods, rest, length=length, pair=pair)


def _breaks(block: Block, periods: int, rest: int, *, length: int, pair: int) -> Shape:
    """Lay the minutes that aren't teaching between the periods, or only between the pairs of them."""
    gaps, pauses = periods - 1, (periods - 1) // pair
    given = block.break_minutes
    if rest == 0 and not given:
        return Shape(periods, 0, 0)
    if given is not None:
        if given * gaps == rest:
            return Shape(periods, given, given)
        if given * pauses == rest:
            return Shape(periods, 0, given)
        raise Unreadable("lesson_breaks", minutes=block.minutes, periods=periods, length=length, rest=rest, given=given)
    by_gap = rest // gaps if gaps and rest % gaps == 0 and rest // gaps <= LONGEST_BREAK else 0
    by_pause = rest // pauses if pauses and rest % pauses == 0 and rest // pauses <= LONGEST_BREAK else 0
    guessed = block.periods is None or bool(by_gap and by_pause and gaps != pauses)
    if by_gap:
        return Shape(periods, by_gap, by_gap, guessed)
    if by_pause:
        return Shape(periods, 0, by_pause, guessed)
    raise Unreadable("lesson_long", minutes=block.minutes, periods=periods, length=length, rest=rest)


def parts_of(start: datetime, shape: Shape, *, length: int, pair: int, limited: bool) -> tuple[Part, ...]:
    """Cut what one sign-in can't cover: 4 periods are 2+2, 3 are 2+1. Where nothing is `limited` only a pause cuts."""
    if shape.periods <= pair or (not limited and shape.pause == shape.break_minutes):
        return (Part(start, shape.periods, shape.break_minutes),)
    step = timedelta(minutes=pair * length + (pair - 1) * shape.break_minutes + shape.pause)
    return tuple(
        Part(start + step * number, min(pair, shape.periods - first), shape.break_minutes)
        for number, first in enumerate(range(0, shape.periods, pair))
    )
