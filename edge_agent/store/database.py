"""Opening and migrating the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.errors import DiskFullError, StorageError
from edge_agent.store import schema

Connection = sqlite3.Connection
"""What readers are given; services name the type without reaching for SQL."""

PAGE_BYTES = 1024
"""Of a new database. A commit writes each page that it touches to the log, whole: at 4096 a day of lessons wrote 2.5
times as much to the SD card (`bench day`)."""

BUSY_SECONDS = 10.0
"""Longer than any write of ours (50 ms) and than a checkpoint on a slow SD card."""

RESTORE_BACKUP = "请恢复最近的备份。Restore the last backup: edge-agent restore FILE"
_MIGRATE = "请运行 edge-agent migrate。Run: edge-agent migrate"
_CHECK_FOLDER = "请检查硬盘，以及该目录的所有者。Check the disk and the folder's owner."


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """Open an existing, current database; transactions are begun by hand.

    Raises `StorageError` when it is missing, damaged, older (migrate first) or from a newer version.
    """
    if not path.exists():
        raise StorageError(f"{path}: 找不到数据库 / no database here.", do=_MIGRATE)
    try:
        connection = _open(path, readonly=readonly)
        try:
            _require_current(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        raise refusal(path, error) from error
    return connection


def _require_current(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > schema.VERSION:
        raise StorageError(
            f"{path}: 数据库版本过新 / made by a newer version (database {version}, this software {schema.VERSION}).",
            do="请装回新版软件，数据未变。Install that version again; nothing was changed.",
        )
    if version < schema.VERSION:
        raise StorageError(f"{path}: 数据库版本较旧 / version {version}, which is older.", do=_MIGRATE)


def migrate(path: Path) -> int:
    """Create the database or bring it to the current version, each step in one transaction; give the old version."""
    # sqlite-utils takes 17 MB that no running service needs: each opens a database that was migrated before.
    from sqlite_utils import Database as Tables  # noqa: PLC0415 - see above

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Each service is a user of its own: what the umask leaves to the group, SQLite would not (it makes files 0644).
        path.touch(mode=0o660)
        with closing(_open(path)) as connection:
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode=WAL")
            old = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if old > schema.VERSION:
                _require_current(connection, path)
            tables = Tables(connection, execute_plugins=False)
            for version in range(old, schema.VERSION):
                connection.execute("BEGIN EXCLUSIVE")
                try:
                    schema.MIGRATIONS[version](tables)
                    connection.execute(f"PRAGMA user_version={version + 1}")
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
    except sqlite3.Error as error:
        if not is_refusal(error):
            raise  # a migration is wrong
        raise refusal(path, error) from error
    except OSError as error:
        raise StorageError(f"{path}: 无法写入 / can't be written: {error.strerror}.", do=_CHECK_FOLDER) from error
    return old


# The disk is full: plainly, or found out while the first program that opens the database makes its shared memory file.
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
_UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_OF_THE_STATEMENT = (
    *(sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH),
    *(sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISUSE),
)


def is_refusal(error: BaseException) -> bool:
    """Say whether the disk or the database refuses; a statement may also be wrong by itself."""
    return isinstance(error, sqlite3.Error) and _code(error) & 0xFF not in _OF_THE_STATEMENT


def refusal(path: Path, error: sqlite3.Error) -> StorageError:
    """Turn SQLite's words into what a person can do."""
    code = _code(error)
    if code in _FULL:
        return DiskFullError(
            f"{path}: 磁盘已满 / the disk is full.",
            do="请腾出空间，或接上归档硬盘。Free space, or plug in the archive disk.",
        )
    if code & 0xFF in _UNWRITABLE:
        return StorageError(f"{path}: 只读 / can't be written.", do=_CHECK_FOLDER)
    if code & 0xFF in _BUSY:
        return StorageError(
            f"{path}: 数据库被占用 / in use by another program for more than {BUSY_SECONDS:.0f} s.",
            do="请结束占用它的程序，一个目录只供一套系统使用。"
            "End the program that holds it; two agents must not share a folder.",
        )
    if code & 0xFF == sqlite3.SQLITE_IOERR:
        return StorageError(
            f"{path}: 磁盘故障 / the disk can't be read or written ({error.sqlite_errorname}).",
            do="请检查硬盘和接线，再运行 edge-agent fsck。Check the disk and its cable, then run: edge-agent fsck",
        )
    return StorageError(
        f"{path}: 数据库损坏 / damaged ({error}).",
        do=RESTORE_BACKUP,
    )


def _code(error: sqlite3.Error) -> int:
    # What Python's module itself complains of, such as a closed connection, has no code.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)


def _open(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:  # the first look into the file: it may be no database at all
        # FULL: a commit that was announced survives a power cut. 8,000 pages keep the WAL near 8 MB.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA wal_autocheckpoint=8000")
    except BaseException:
        connection.close()
        raise
    return connection


def keep_small(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Let a connection that only streams, or looks at single rows, keep 256 KB of pages instead of 2 MB."""
    connection.execute("PRAGMA cache_size=-256")
    return connection


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Read several tables as of one moment; a reader never blocks the writer."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("COMMIT")


def to_micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly: `timestamp()` is a float and loses the last digits."""
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ChangeFeed:
    """Tells whether any other connection has committed since the last look, for the price of one pragma."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path, readonly=True)
        self._seen = -1

    def changed(self) -> bool:
        version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        seen, self._seen = self._seen, version
        return version != seen

    def close(self) -> None:
        self._connection.close()
