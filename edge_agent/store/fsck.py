"""Checks the database and the media folder against each other; says what is wrong and changes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import StorageError
from edge_agent.model.media import MediaKind
from edge_agent.store import media
from edge_agent.store.database import RESTORE_BACKUP, connect
from edge_agent.store.facts import check_chain, place
from edge_agent.store.files import MediaFiles
from edge_agent.store.setup import read_high_water

_FETCH = "请从归档恢复 / Restore it from the archive."
_RESTART = "重启服务即登记、恢复或清除 / A restart files, recovers or removes it."
_RESTORE = "记录被改动或损坏，请恢复最近的备份 / The journal was altered or damaged: restore the last backup."


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is wrong with `subject`; `do` is the next step. What is `harmless` is put right by a restart."""

    code: str
    subject: str
    what: str
    do: str

    @property
    def harmless(self) -> bool:
        return self.code in {"leftover", "unreferenced"}


def fsck(
    database: Path, files: MediaFiles, *, kinds: Iterable[MediaKind] = tuple(MediaKind), digests: bool = False
) -> list[Finding]:
    """Check pages, tables, the chain and the media rows; with `digests` also every file's content (slow)."""
    try:
        connection = connect(database, readonly=True)
        try:
            findings = list(_pages(connection, database))
            if not findings:
                findings += _journal(connection, database)
                for kind in kinds:
                    findings += _media(connection, files, kind, digests=digests)
        finally:
            connection.close()
    except StorageError as error:
        return [Finding("database", str(database), error.message.removeprefix(f"{database}: "), error.do)]
    except sqlite3.DatabaseError as error:
        return [_broken(database, str(error))]
    return findings


def _broken(database: Path, what: str) -> Finding:
    return Finding("database", str(database), f"数据库损坏 / damaged ({what}).", RESTORE_BACKUP)


def _pages(connection: sqlite3.Connection, database: Path) -> Iterator[Finding]:
    for row in connection.execute("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield _broken(database, row[0])
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield Finding(
            "reference",
            f"{row[0]} row {row[1]}",
            f"引用的行不存在 / names a missing row of {row[2]}",
            "请联系技术支持并附上本结果 / Report this to support, with what stands here.",
        )


def _seals(connection: sqlite3.Connection) -> Iterator[Finding]:
    """Links that were computed anew, or cut at the end, hold together; the heads that were signed tell."""
    for row in connection.execute(
        "SELECT seals.id, seals.payload, facts.link FROM seals LEFT JOIN facts USING (id) ORDER BY seals.id"
    ):
        epoch, seq = place(row["id"])
        if row["link"] is None:
            yield Finding(
                "sealed",
                f"fact {epoch}/{seq}",
                "签过章，而记录里没有 / was sealed, and is not in the journal",
                _RESTORE,
            )
        elif json.loads(row["payload"])["head"] != row["link"].hex():
            yield Finding(
                "sealed",
                f"fact {epoch}/{seq}",
                "与签章时不同 / has another link than the one that was sealed",
                _RESTORE,
            )


def _journal(connection: sqlite3.Connection, database: Path) -> Iterator[Finding]:
    for broken in check_chain(connection):
        yield Finding("chain", f"fact {broken.epoch}/{broken.seq}", broken.what, _RESTORE)
    yield from _seals(connection)
    mark = read_high_water(database)
    if mark is None:
        return
    row = connection.execute("SELECT max(id) >> 40, max(id) & ((1 << 40) - 1) FROM facts").fetchone()
    if row[0] is not None and (mark.epoch, mark.seq) > (row[0], row[1]):
        yield Finding(
            "restored",
            str(database),
            f"记录少于曾有的 / ends at fact {row[0]}/{row[1]}, before {mark.epoch}/{mark.seq} which it once held",
            "启动服务即开始新纪元并写明缺失 / Start the services: a new epoch will begin and name the loss.",
        )


def _media(connection: sqlite3.Connection, files: MediaFiles, kind: MediaKind, *, digests: bool) -> Iterator[Finding]:
    known = set()
    for row in media.present(connection, kind):
        known.add(row.path)
        path = files.locate(row.path)
        if not path.is_file():
            yield Finding("missing", row.path, "数据库有，磁盘上没有 / named by the database, not on the disk", _FETCH)
        elif path.stat().st_size != row.size:
            yield Finding("size", row.path, f"大小不符 / {path.stat().st_size} bytes instead of {row.size}", _FETCH)
        elif digests and files.digest(row.path) != row.sha256:
            yield Finding("digest", row.path, "内容已变 / its content changed", _FETCH)
    for path_text in files.walk(kind):
        if path_text not in known:
            yield Finding("unreferenced", path_text, "完整，但数据库没有它 / complete, but no row names it", _RESTART)
    for leftover in files.leftovers(kind):
        yield Finding("leftover", str(leftover), "异常退出留下的 / left by a crash", _RESTART)
