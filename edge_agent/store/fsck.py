"""Checks the database and the media folder against each other; says what is wrong and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import StorageError
from edge_agent.model.media import MediaKind
from edge_agent.store import media
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain
from edge_agent.store.files import MediaFiles
from edge_agent.store.setup import read_high_water


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is wrong with `subject`; `do` is the next step. A `leftover` harms nothing: a restart clears it."""

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
        return [Finding("database", str(database), error.message, error.do)]
    except sqlite3.DatabaseError as error:
        return [_broken(database, str(error))]
    return findings


def _broken(database: Path, what: str) -> Finding:
    return Finding("database", str(database), what, "Restore the last backup: edge-agent restore FILE")


def _pages(connection: sqlite3.Connection, database: Path) -> Iterator[Finding]:
    for row in connection.execute("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield _broken(database, row[0])
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield Finding("reference", f"{row[0]} row {row[1]}", f"names a missing row of {row[2]}", "Report this.")


def _journal(connection: sqlite3.Connection, database: Path) -> Iterator[Finding]:
    for broken in check_chain(connection):
        yield Finding(
            "chain",
            f"fact {broken.epoch}/{broken.seq}",
            broken.what,
            "The journal was altered or damaged: restore the last backup.",
        )
    mark = read_high_water(database)
    if mark is None:
        return
    row = connection.execute("SELECT max(id) >> 40, max(id) & ((1 << 40) - 1) FROM facts").fetchone()
    if row[0] is not None and (mark.epoch, mark.seq) > (row[0], row[1]):
        yield Finding(
            "restored",
            str(database),
            f"ends at fact {row[0]}/{row[1]}, before {mark.epoch}/{mark.seq} which it once held",
            "Start the services: a new epoch will begin and name the loss.",
        )


def _media(connection: sqlite3.Connection, files: MediaFiles, kind: MediaKind, *, digests: bool) -> Iterator[Finding]:
    known = set()
    for row in media.present(connection, kind):
        known.add(row.path)
        path = files.locate(row.path)
        if not path.is_file():
            yield Finding("missing", row.path, "named by the database, not on the disk", "Restore it from the archive.")
        elif path.stat().st_size != row.size:
            yield Finding(
                "size", row.path, f"{path.stat().st_size} bytes instead of {row.size}", "Restore it from the archive."
            )
        elif digests and files.digest(row.path) != row.sha256:
            yield Finding("digest", row.path, "its content changed", "Restore it from the archive.")
    for path_text in files.walk(kind):
        if path_text not in known:
            yield Finding("unreferenced", path_text, "complete, but no row names it", "A restart files or removes it.")
    for leftover in files.leftovers(kind):
        yield Finding("leftover", str(leftover), "left by a crash", "A restart recovers or removes it.")
