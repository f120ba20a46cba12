"""A copy of the database for the time of an upgrade: a release that is not healthy may have migrated it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from edge_agent.appliance.talk import RefusalError


def keep(database: Path) -> Path | None:
    """Copy the database beside itself, while nobody writes; None where there is none yet."""
    if not database.exists():
        return None
    copy = database.with_name(database.name + ".before-upgrade")
    size, free = database.stat().st_size, shutil.disk_usage(database.parent).free
    if free < 2 * size:
        raise RefusalError(
            f"{database.parent} 空间不足，无法在升级前备份数据库（需 {2 * size // 10**6} MB）",
            f"{database.parent} has no room for a copy of the database ({2 * size // 10**6} MB); make room",
        )
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    _same_owner(database, copy)
    return copy


def put_back(database: Path, copy: Path | None) -> None:
    """Give the old release its database again, if the new one has migrated it; what the new one wrote is kept aside.

    The agent finds its own high-water mark above the database then, and begins a new epoch.
    """
    if copy is None or _schema(database) == _schema(copy):
        return
    aside = database.with_name(database.name + ".refused")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.replace(aside)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    copy.replace(database)


def _schema(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _same_owner(original: Path, copy: Path) -> None:
    found = original.stat()
    copy.chmod(found.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.chown(copy, found.st_uid, found.st_gid)
