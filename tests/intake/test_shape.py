"""Times and periods of a row to lessons."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from edge_agent.intake.shape import MINUTE, Block, Shape, join, parts_of, shape_of
from edge_agent.intake.values import Unreadable

PERIOD = timedelta(minutes=45)
START = datetime(2024, 10, 8, 8, 0)  # noqa: DTZ001 - a wall-clock time


def block(minutes: int | None = None, periods: int | None = None, break_minutes: int | None = None) -> Block:
    return Block(START, None if minutes is None else minutes * MINUTE, periods, break_minutes)


@pytest.mark.parametrize(
    ("said", "shape"),
    [
        (block(periods=2), Shape(2, 0, 0)),
        (block(periods=4, break_minutes=10), Shape(4, 10, 10)),
        (block(90), Shape(2, 0, 0)),
        (block(90, 2), Shape(2, 0, 0)),
        (block(100, 2), Shape(2, 10, 10)),
        (block(100), Shape(2, 10, 10, guessed=True)),
        (block(45), Shape(1, 0, 0)),
        # 8:00-11:10 of 4 periods: only a pause in the middle fits.
        (block(190, 4), Shape(4, 0, 10)),
        # 8:00-11:30 of 4 periods: three breaks of 10, or one of 30; the row must say which.
        (block(210, 4), Shape(4, 10, 10, guessed=True)),
        (block(210, 4, 10), Shape(4, 10, 10)),
        (block(210, 4, 30), Shape(4, 0, 30)),
    ],
)
def test_shapes(said: Block, shape: Shape) -> None:
    assert shape_of(said, period=PERIOD, pair=2) == shape


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (block(), "lesson_no_end"),
        (block(30), "lesson_short"),
        (block(80, 2), "lesson_short"),
        (block(60, 1), "lesson_long"),
        (block(250, 4), "lesson_long"),
        (block(100, 2, 5), "lesson_breaks"),
        (block(23 * 60 + 30, 2), "time_order"),
    ],
)
def test_rows_that_do_not_add_up(said: Block, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        shape_of(said, period=PERIOD, pair=2)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("shape", "limited", "parts"),
    [
        (Shape(2, 0, 0), True, [(0, 2)]),
        (Shape(3, 0, 0), True, [(0, 2), (90, 1)]),
        (Shape(4, 0, 0), True, [(0, 2), (90, 2)]),
        (Shape(4, 10, 10), True, [(0, 2), (110, 2)]),
        (Shape(4, 0, 10), True, [(0, 2), (100, 2)]),
        (Shape(4, 10, 10), False, [(0, 4)]),
        (Shape(4, 0, 10), False, [(0, 2), (100, 2)]),
    ],
)
def test_parts(shape: Shape, limited: bool, parts: list[tuple[int, int]]) -> None:  # noqa: FBT001 - a case's value
    made = parts_of(START, shape, period=PERIOD, pair=2, limited=limited)
    assert [((part.start - START) // timedelta(minutes=1), part.periods) for part in made] == parts


def test_single_periods_with_equal_breaks_are_one_block() -> None:
    later = Block(START + 55 * MINUTE, PERIOD)
    assert join([Block(START, PERIOD), later], PERIOD) == [Block(START, 100 * MINUTE, 2, 10)]
    apart = [Block(START, 90 * MINUTE), Block(START + timedelta(hours=5), 90 * MINUTE)]
    assert join(apart, PERIOD) == apart


def test_periods_shorter_than_a_minute() -> None:
    said = Block(START, 2 * MINUTE)
    assert shape_of(said, period=timedelta(seconds=40), pair=2) == Shape(3, 0, 0)
