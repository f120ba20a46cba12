"""Collects problems while a table is read; a cell that can't be read becomes a problem at its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from edge_agent.intake.messages import problem
from edge_agent.intake.problems import FILE, Place, Problem, Problems
from edge_agent.intake.table import Row
from edge_agent.intake.values import Unreadable, Value, read_text

T = TypeVar("T")


@dataclass
class Report:
    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, place: Place = FILE, /, **params: object) -> None:
        self.found.append(problem(code, place, **params))

    def once(self, code: str, place: Place = FILE, /, **params: object) -> None:
        """Add a problem of which one in the file is enough."""
        made = problem(code, place, **params)
        if all((known.code, known.zh) != (made.code, made.zh) for known in self.found):
            self.found.append(made)

    def read(self, row: Row, name: str, reader: Callable[[Value], T], default: T, *, required: bool = False) -> T:
        """Read a field; an empty one gives `default`, and is a problem where it, or its column, is required."""
        column = row.table.columns.get(name)
        if column is None:
            return default
        try:
            value = row.value(name)
            if value is not None and read_text(value):
                return reader(value)
        except Unreadable as unreadable:
            self.add(unreadable.code, row.place(name), **unreadable.params)
            return default
        if required or column.field.required:
            self.add("cell_empty", row.place(name))
        return default

    def read_at(self, place: Place, value: Value, reader: Callable[[Value], T], default: T) -> T:
        try:
            return reader(value)
        except Unreadable as unreadable:
            self.add(unreadable.code, place, **unreadable.params)
        return default

    def problems(self) -> Problems:
        """All that was found, by row; whole-file problems first."""
        return Problems(tuple(sorted(self.found, key=lambda found: (found.row, len(found.column), found.column))))
