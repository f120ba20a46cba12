"""A database that an older version made is brought up to date where it stands, with all that it holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from edge_agent.central import postgres, schema, sqlite
from edge_agent.central.addresses import open_database
from edge_agent.errors import StorageError

AGENT = "INSERT INTO agents(tenant, agent, venue, public, created) VALUES ('jinan', 'ea-1', '一号教室', 'ff', 1)"
TENANT = "INSERT INTO tenants(tenant) VALUES ('jinan')"


def rows(version: int) -> list[str]:
    """What an installation of that version had stored."""
    return [AGENT] if version == 1 else [AGENT, TENANT]


def old_statements(version: int, monkeypatch: pytest.MonkeyPatch, dialect: dict[str, str]) -> list[str]:
    """What an installation of that version ran."""
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:version])
    monkeypatch.setattr(schema, "VERSION", version)
    made = list(schema.statements(0, dialect))
    monkeypatch.undo()
    return made


def check(address: str) -> None:
    opened = open_database(address)
    with opened.read() as tx:
        assert tx.rows("SELECT agent, venue FROM agents") == [("ea-1", "一号教室")]
        assert tx.rows("SELECT tenant FROM tenants") == [("jinan",)]
        assert tx.rows("SELECT * FROM samples") == []
        assert tx.rows("SELECT * FROM inspections") == []
    opened.close()
    open_database(address).close()  # nothing is left to do


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_sqlite_is_upgraded(version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "central.db"
    connection = sqlite3.connect(path)
    for statement in old_statements(version, monkeypatch, sqlite._DIALECT):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version={version}")
    for row in rows(version):
        connection.execute(row)
    connection.commit()
    connection.close()
    check(str(path))


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_postgresql_is_upgraded(version: int, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE schema_version(version INTEGER NOT NULL)")
        for statement in old_statements(version, monkeypatch, postgres._DIALECT):
            connection.execute(statement.encode())
        connection.execute("INSERT INTO schema_version VALUES (%s)", (version,))
        for row in rows(version):
            connection.execute(row.encode())
    check(database_url)


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "central.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    with pytest.raises(StorageError, match="newer version") as refused:
        open_database(str(path))
    assert refused.tb is not None, "which keeps all that was opened, unless it was closed"
    opened = {str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()}
    assert not any(name.startswith(str(path)) for name in opened)
