"""`migrate` and `fsck`, and what any command says of a database that it can't use."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from edge_agent.cli.main import app
from edge_agent.store.database import PAGE_BYTES
from tests.data import ROOT


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared data folder."""
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path))
    assert run("migrate").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def damage(data: Path, *tables: str) -> None:
    """Overwrite the first page of each table."""
    database = data / "edge_agent.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master").fetchall())
    with database.open("r+b") as raw:
        for table in tables:
            raw.seek((roots[table] - 1) * PAGE_BYTES)
            raw.write(b"\xaa" * PAGE_BYTES)


def test_a_sound_database_is_clean(data: Path) -> None:
    assert json.loads(run("fsck", "--json").stdout) == {"clean": True, "findings": []}
    assert (data / "edge_agent.db").exists()


@pytest.mark.parametrize("arguments", [("fsck",), ("import", "roster", "--dry-run"), ("import", "roster"), ("idle",)])
def test_a_damaged_page_is_said_with_what_to_do(data: Path, arguments: tuple[str, ...]) -> None:
    damage(data, "classes", "trainees")
    before = (data / "edge_agent.db").read_bytes()
    roster = data / "roster.csv"
    roster.write_text("姓名,身份证号\n王一,11010519491231002X\n", "utf-8")
    result = run(*arguments, *([str(roster)] if arguments[0] == "import" else []))
    said = " ".join((result.stdout + result.stderr).split())
    assert result.exit_code == 4
    assert "restore" in said
    assert "malformed" in said
    assert (data / "edge_agent.db").read_bytes() == before


def test_what_is_wrong_is_a_paragraph_that_names_the_file_once(data: Path) -> None:
    damage(data, "classes")
    said = run("fsck").stdout.splitlines()
    assert said[0] == f"✗ {data / 'edge_agent.db'}"
    assert said[1].startswith("  数据库损坏 / damaged (")
    assert said[2] == "  → 请恢复最近的备份。Restore the last backup: edge-agent restore FILE"
    assert said[3] == "1 处需要处理 / 1 to mend"


@pytest.mark.parametrize("arguments", [("fsck", "--json"), ("migrate",), ("idle",)])
def test_a_newer_database_is_left_alone(data: Path, arguments: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(data / "edge_agent.db")) as connection:
        connection.execute("PRAGMA user_version=99")
    result = run(*arguments)
    said = " ".join((result.stdout + result.stderr).split())
    assert result.exit_code == 4
    assert "newer" in said
    assert "Install that version again" in said


def test_a_service_leaves_a_newer_database_alone_and_says_so(data: Path) -> None:
    with closing(sqlite3.connect(data / "edge_agent.db")) as connection:
        connection.execute("PRAGMA user_version=99")
    command = [sys.executable, "-m", "edge_agent", "serve", "upkeep"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "Install that version again" in done.stderr
