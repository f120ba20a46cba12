"""Opening: missing, older, newer, damaged, read-only; migrating twice changes nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.errors import StorageError
from edge_agent.model.camera import Camera
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.store import schema
from edge_agent.store.cameras import get_camera
from edge_agent.store.database import PAGE_BYTES, connect, from_micros, migrate, to_micros
from edge_agent.store.files import MediaFiles
from edge_agent.store.fsck import fsck
from edge_agent.store.rows import columns, insert
from edge_agent.store.writer import Writer
from tests.looking import look


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no database here") as caught:
        connect(tmp_path / "none.db")
    assert "migrate" in caught.value.do


def test_the_group_may_write_what_the_umask_leaves_it(tmp_path: Path) -> None:
    before = os.umask(0o007)
    try:
        migrate(tmp_path / "shared.db")
    finally:
        os.umask(before)
    assert (tmp_path / "shared.db").stat().st_mode & 0o777 == 0o660


def test_migrating_again_changes_nothing(database: Path) -> None:
    before = look(database).execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
    assert migrate(database) == schema.VERSION
    assert [tuple(row) for row in look(database).execute("SELECT sql FROM sqlite_master ORDER BY name")] == [
        tuple(row) for row in before
    ]


def test_a_newer_database_is_refused_untouched(database: Path) -> None:
    with sqlite3.connect(database) as raw:
        raw.execute("PRAGMA user_version=99")
    raw.close()
    content = database.read_bytes()
    for attempt in (connect, migrate):
        with pytest.raises(StorageError, match="newer version"):
            attempt(database)
    assert database.read_bytes() == content


def test_an_older_database_asks_for_the_migration(database: Path) -> None:
    with sqlite3.connect(database) as raw:
        raw.execute("PRAGMA user_version=0")
    raw.close()
    with pytest.raises(StorageError, match="older") as caught:
        connect(database)
    assert "migrate" in caught.value.do


def test_cameras_of_the_first_version_keep_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
    monkeypatch.setattr(schema, "VERSION", 1)
    migrate(path)
    row = {name: "" for name in columns(Camera) if name != "revision"}
    row |= {"id": "cam1", "kind": "rtsp", "audio": "0", "active": "1"}
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(insert("cameras", row), row)
    monkeypatch.undo()
    assert migrate(path) == 1
    with closing(connect(path)) as connection:
        found = get_camera(connection, "cam1")
    assert (found.active, found.revision) == (True, 1)


def test_a_failed_migration_leaves_the_old_version(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(tables: object) -> None:
        tables.execute("CREATE TABLE half_done(x)")  # type: ignore[attr-defined] # sqlite-utils' Database
        raise RuntimeError("power cut")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, half))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(RuntimeError):
        migrate(database)
    monkeypatch.undo()
    names = {row[0] for row in look(database).execute("SELECT name FROM sqlite_master")}
    assert "half_done" not in names


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "edge_agent.db"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"edge_agent\.db: 数据库损坏 / damaged") as caught:
        connect(path)
    assert "edge-agent restore" in caught.value.do
    held = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert path not in held, "a refused file is not kept open"


def test_a_damaged_page_is_found_by_fsck(database: Path, clock: SettableClock, tmp_path: Path) -> None:
    writer = Writer(database, clock)
    for index in range(300):
        writer.append(OperatorAction(action=f"{index} " + "x" * 300))
    writer.close()
    raw = bytearray(database.read_bytes())
    page = len(raw) // PAGE_BYTES // 2 * PAGE_BYTES
    raw[page : page + 2048] = b"\xaa" * 2048
    database.write_bytes(raw)
    findings = fsck(database, MediaFiles(tmp_path / "media"))
    assert findings
    assert all(finding.code in {"database", "chain"} for finding in findings)
    assert all(finding.do for finding in findings)


@pytest.mark.parametrize("micros", [0, 1, 1_728_316_800_123_456, 253_402_300_799_999_999])
def test_instants_survive_to_the_microsecond(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros
    assert from_micros(0) == datetime(1970, 1, 1, tzinfo=UTC)
