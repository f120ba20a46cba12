"""What is wrong with a file, by row and column, in Chinese and English.

An *error* stops the import. A *warning* stops it until the operator has ticked it by its key, `code@row`. A *notice*
tells how something was read and stops nothing. Texts stand in `messages.py`; none of them repeats a resident id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.errors import InputError


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file: `row` as the spreadsheet numbers it (0 for the whole file), `column` its letter."""

    sheet: str = ""
    row: int = 0
    column: str = ""
    heading: str = ""


FILE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    severity: Severity
    zh: str
    en: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    heading: str = ""

    @property
    def key(self) -> str:
        """What the operator ticks; the same for every warning of one kind in one row."""
        return f"{self.code}@{self.row}"

    @property
    def where_zh(self) -> str:
        if not self.row:
            return "文件"
        column = f" {self.column} 列" if self.column else ""
        return f"第 {self.row} 行{column}{f'（{self.heading}）' if self.heading else ''}"

    @property
    def where_en(self) -> str:
        if not self.row:
            return "file"
        return f"row {self.row}{f', column {self.column}' if self.column else ''}"


class FileRefusedError(InputError):
    """The file as a whole can't be read; the problem says what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.zh, do=problem.en)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Problems:
    """All that was found in one file, in the order of its rows."""

    found: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def of(self, severity: Severity) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.found if problem.severity is severity)

    @property
    def errors(self) -> tuple[Problem, ...]:
        return self.of(Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        return self.of(Severity.WARNING)

    def blocking(self, ticked: Iterable[str] = ()) -> tuple[Problem, ...]:
        """Give what stops the import: errors, and warnings whose key is not among `ticked`."""
        keys = frozenset(ticked)
        return (*self.errors, *(warning for warning in self.warnings if warning.key not in keys))
