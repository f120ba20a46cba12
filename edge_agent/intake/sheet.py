"""A sheet as values by row and column, whichever file it came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from openpyxl.utils import get_column_letter, range_boundaries

from edge_agent.intake.values import Value

MAX_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged range, ends included; only its first cell holds a value."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def parse(cls, reference: str) -> Merge:
        left, top, right, bottom = range_boundaries(reference)
        return cls(int(left or 0), int(top or 0), int(right or 0), int(bottom or 0))

    def __contains__(self, cell: tuple[int, int]) -> bool:
        row, column = cell
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True)
class Sheet:
    """`rows[row][column]`, both from 1, holds what is not empty; `epoch` is that of serial dates, None in text."""

    name: str
    rows: Mapping[int, Mapping[int, Value]]
    merges: tuple[Merge, ...] = ()
    epoch: date | None = None

    @cached_property
    def _merged(self) -> dict[tuple[int, int], Merge]:
        """Cells of rows that exist: a file may claim to merge a billion cells."""
        existing = sorted(self.rows)
        return {
            (row, column): merge
            for merge in self.merges
            for row in existing[bisect_left(existing, merge.top) : bisect_right(existing, merge.bottom)]
            for column in range(merge.left, min(merge.right, MAX_COLUMNS) + 1)
        }

    def merge_at(self, row: int, column: int) -> Merge | None:
        return self._merged.get((row, column))

    def own(self, row: int, column: int) -> Value:
        return self.rows.get(row, {}).get(column)

    def value(self, row: int, column: int) -> Value:
        """Give the cell's value, that of the merged range's first cell where it lies in one."""
        merge = self.merge_at(row, column)
        return self.own(merge.top, merge.left) if merge else self.own(row, column)


def letter(column: int) -> str:
    return get_column_letter(column) if column else ""
