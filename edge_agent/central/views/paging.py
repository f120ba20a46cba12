"""A page of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from edge_agent.central.database import Row, Tx

SIZE = 50
MOST = 100_000
"""Nobody leafs further; a number beyond it is taken as the last."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: list[T]
    number: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // SIZE))


def read_page(
    tx: Tx,
    columns: str,
    source: str,
    values: Sequence[Any],
    *,
    order: str,
    number: int,
    make: Callable[[Row], T],
    before: Sequence[Any] = (),
) -> Page[T]:
    """Read page `number`, from 1, of `SELECT columns FROM source`; `before` are the values of marks in `columns`."""
    row = tx.row(f"SELECT count(*) FROM {source}", values)
    total = int(row[0]) if row else 0
    number = min(max(1, number), max(1, -(-total // SIZE)))
    rows = tx.rows(
        f"SELECT {columns} FROM {source} ORDER BY {order} LIMIT %s OFFSET %s",
        [*before, *values, SIZE, (number - 1) * SIZE],
    )
    return Page([make(each) for each in rows], number, total)


def like(text: str) -> str:
    """Give a pattern that finds the text anywhere; its own wildcards stand for themselves."""
    safe = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{safe.casefold()}%"
