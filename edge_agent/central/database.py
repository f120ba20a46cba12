"""SQLite and PostgreSQL behind one small interface: one test suite runs over both.

SQL is written with `%s` for values, as PostgreSQL's driver wants it. A write transaction locks the rows of the agents
that it is about (`FOR UPDATE`; SQLite locks the database), so that any number of workers run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Row = tuple[Any, ...]
FactRow = tuple[int, int, str, bytes, str]
"""agent, place, kind, body, flaw."""


class Tx(Protocol):
    """One transaction."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run a statement and give its rows."""
        ...

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """Run a statement and give its first row."""
        ...

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run a statement and give how many rows it changed."""
        ...

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row."""
        ...

    def insert_facts(self, rows: Sequence[FactRow]) -> None:
        """Insert in bulk; a place that is taken stays as it is."""
        ...


class Database(Protocol):
    """Safe to share between threads. A transaction that leaves with an error changes nothing."""

    def write(self) -> AbstractContextManager[Tx]: ...

    def read(self) -> AbstractContextManager[Tx]:
        """Give a transaction that sees one moment and changes nothing."""
        ...

    def close(self) -> None: ...
