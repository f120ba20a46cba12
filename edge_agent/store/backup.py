"""Backups of the database, and their return. Face templates and keys are in none."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import ConflictError, InputError, StorageError
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain, read_head
from edge_agent.store.setup import note_high_water


@dataclass(frozen=True, slots=True)
class Backup:
    """`epoch` and `seq` are the last fact in it."""

    path: Path
    sha256: str
    epoch: int
    seq: int


def make_backup(database: Path, out: Path) -> Backup:
    """Copy the database as of one moment, without stopping a service; `out` is there whole or not at all."""
    if out.exists():
        raise InputError(f"{out}: 文件已存在 / exists already.", do="请换一个文件名。Name a new file.")
    partial = out.with_name(out.name + ".part")
    partial.unlink(missing_ok=True)  # not media: a copy that a crash left
    with closing(connect(database, readonly=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(partial),))
    with closing(connect(partial, readonly=True)) as copied:
        head = read_head(copied)
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    partial.rename(out)
    return Backup(out, digest, head.epoch, head.seq)


def restore_backup(database: Path, backup: Path) -> Backup:
    """Put a backup in the database's place; the next `prepare` begins a new epoch that names the lost head.

    The database that was there is kept beside it as `.before-restore`. Raises `InputError` for a damaged or foreign
    file, `ConflictError` while a service still holds the database.
    """
    if not backup.is_file():
        raise InputError(f"{backup}: 找不到备份文件 / no such file.", do="请给出备份文件的路径。Name a backup.")
    with closing(connect(backup, readonly=True)) as connection:
        faults = [row[0] for row in connection.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
        # A damaged page would stop the walk of the chain with an error of SQLite's.
        faults = faults or [broken.what for broken in check_chain(connection)]
        if faults:
            raise InputError(f"{backup}: 备份损坏 / damaged: {faults[0]}.", do="请用更早的备份。Take an older backup.")
        head = read_head(connection)
    if database.exists():
        _refuse_another(database, head.agent)
        _set_aside(database)
    copied = database.with_name(database.name + ".part")
    copied.write_bytes(backup.read_bytes())
    copied.rename(database)
    digest = hashlib.sha256(database.read_bytes()).hexdigest()
    return Backup(database, digest, head.epoch, head.seq)


def _refuse_another(database: Path, agent: str) -> None:
    """Compare whose databases the two are, and raise the mark to the head that is about to go."""
    try:
        with closing(connect(database, readonly=True)) as connection:
            if read_head(connection).agent != agent:
                raise InputError(
                    "备份属于另一台设备 / the backup is another device's.", do="请用本机的备份。Take this device's own."
                )
            note_high_water(database, connection)
    except (sqlite3.DatabaseError, StorageError):
        return  # its head can't be read any more; the mark beside it is what is known


def _set_aside(database: Path) -> None:
    """Move the present database away, once no service holds it."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=1)) as connection:
        try:
            # Only an exclusive lock shows that no service has it open; leaving WAL also folds the log in.
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError as error:
            raise _in_use(database) from error
        except sqlite3.DatabaseError:
            mode = "delete"  # damaged: that is why it is replaced
        if mode != "delete":
            raise _in_use(database)
    database.rename(database.with_name(database.name + ".before-restore"))


def _in_use(database: Path) -> ConflictError:
    return ConflictError(
        f"{database}: 服务仍在运行 / a service still uses it.",
        do="请先停止服务再恢复。Stop the services, then restore.",
    )
