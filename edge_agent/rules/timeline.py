"""Spans that can be asked what lies at a moment, without looking at all of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from edge_agent.model.span import Span

T = TypeVar("T")


class Timeline(Generic[T]):
    """Values with spans, sorted once. A question bisects, and looks at one longest span of values."""

    def __init__(self, items: Iterable[tuple[Span, T]]) -> None:
        self._items = sorted(items, key=lambda item: item[0])
        self._starts = [span.start for span, _ in self._items]
        self._longest = max((span.length for span, _ in self._items), default=timedelta(0))

    def at(self, moment: datetime) -> Iterator[T]:
        """Give the values whose spans contain `moment`, by start."""
        return self.within(Span(moment, moment))

    def within(self, asked: Span) -> Iterator[T]:
        """Give the values whose spans share a moment with `asked`, by start."""
        first = bisect_left(self._starts, asked.start - self._longest)
        last = bisect_right(self._starts, asked.end)
        return (value for span, value in self._items[first:last] if span.end >= asked.start)

    def after(self, moment: datetime) -> T | None:
        """Give the first value that starts after `moment`."""
        position = bisect_right(self._starts, moment)
        return self._items[position][1] if position < len(self._items) else None
