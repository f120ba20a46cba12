"""The embedded database: one file, WAL, every commit on the disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from edge_agent.central import schema
from edge_agent.central.database import FactRow, Row
from edge_agent.errors import StorageError

_BUSY_SECONDS = 30.0
_DIALECT = {"serial": "INTEGER PRIMARY KEY", "blob": "BLOB", "clustered": " WITHOUT ROWID"}


@cache
def _translate(sql: str) -> str:
    return sql.replace("%s", "?").replace(" FOR UPDATE", "")


class _Tx:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._connection.execute(_translate(sql), values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        found: Row | None = self._connection.execute(_translate(sql), values).fetchone()
        return found

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(_translate(sql), values).rowcount

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(_translate(sql), rows)

    def insert_facts(self, rows: Sequence[FactRow]) -> None:
        self._connection.executemany("INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?, ?)", rows)


class SqliteDatabase:
    """One connection a thread; SQLite itself lets one of them write at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connection()
            connection.execute("PRAGMA journal_mode=WAL")
            _migrate(connection)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StorageError(
                f"{path}: can't be opened as the centre's database: {error}.",
                do="Name a file in a folder that this user can write to.",
            ) from error
        except StorageError:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[_Tx]:
        with _transaction(self._connection(), "BEGIN IMMEDIATE") as tx:
            yield tx

    @contextmanager
    def read(self) -> Iterator[_Tx]:
        with _transaction(self._connection(), "BEGIN") as tx:
            yield tx

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._all.append(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA wal_autocheckpoint=8000")
            self._local.connection = connection
        return connection


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[_Tx]:
    try:
        connection.execute(begin)
        yield _Tx(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise StorageError(f"The centre's database refuses: {error}.", do="Check its disk and its file.") from error
        raise


def _migrate(connection: sqlite3.Connection) -> None:
    with _transaction(connection, "BEGIN IMMEDIATE"):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for statement in schema.statements(version, _DIALECT):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={schema.VERSION}")
