"""SQLite and PostgreSQL behind one small interface: one test suite runs over both.

SQL is written with `%s` for values, as PostgreSQL's driver wants it. A write transaction locks the rows of the agents
that it is about (`FOR UPDATE`; SQLite locks the database), so that any number of workers run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from edge_agent.errors import InputError

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


def open_database(address: str) -> Database:
    """Open, and create or migrate, a database: a path, `sqlite:PATH` or `postgresql://...`.

    Raises `InputError` for another kind of address, `StorageError` where it can't be opened.
    """
    # Each driver is imported when it is asked for: an embedded centre needs no PostgreSQL client.
    scheme = urlsplit(address).scheme
    if scheme in {"postgresql", "postgres"}:
        from edge_agent.central.postgres import PostgresDatabase  # noqa: PLC0415 - see above

        return PostgresDatabase(address)
    if scheme in {"", "sqlite"}:
        from edge_agent.central.sqlite import SqliteDatabase  # noqa: PLC0415 - see above

        return SqliteDatabase(Path(address.removeprefix("sqlite:").removeprefix("//") or "central.db"))
    raise InputError(f"{address}: not a database address.", do="Give a file, or postgresql://user@host/name.")
