"""Quarters of a year: 2026Q4."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from edge_agent.errors import InputError

_QUARTER = re.compile(r"(20\d\d)Q([1-4])", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    year: int
    number: int

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        year, month = (self.year + 1, 1) if self.number == 4 else (self.year, 3 * self.number + 1)  # noqa: PLR2004 - quarters
        return date(year, month, 1) - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def parse_quarter(text: str) -> Quarter:
    found = _QUARTER.fullmatch(text)
    if found is None:
        raise InputError(f"quarter: {text[:20]} is not a quarter such as 2026Q4 (季度格式应为 2026Q4).")
    return Quarter(int(found[1]), int(found[2]))
