"""Backups and their return: nothing is numbered twice, and a wrong file changes nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.errors import ConflictError, InputError, StorageError
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.store.backup import make_backup, restore_backup
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain, read_facts, read_head
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer


def act(database: Path, clock: SettableClock, *names: str) -> None:
    writer = Writer(database, clock)
    for name in names:
        writer.append(OperatorAction(action=name))
    writer.close()


def test_a_backup_returns_with_a_new_epoch(database: Path, clock: SettableClock, tmp_path: Path) -> None:
    act(database, clock, "a", "b")
    backup = make_backup(database, tmp_path / "b.db")
    assert (backup.epoch, backup.seq) == (1, 3)
    act(database, clock, "lost 1", "lost 2")
    with closing(connect(database)) as connection:
        lost = read_head(connection)
    restore_backup(database, backup.path)
    head = prepare(database, clock)
    assert (head.epoch, head.seq) == (2, 1)
    act(database, clock, "after")
    with closing(connect(database)) as connection:
        facts = list(read_facts(connection))
        assert list(check_chain(connection)) == []
    assert [fact.data.get("action") for fact in facts] == [None, "a", "b", None, "after"]
    assert facts[3].data["old_seq"] == lost.seq
    assert database.with_name(database.name + ".before-restore").exists(), "what was there is kept"


def test_a_running_service_is_not_robbed(database: Path, clock: SettableClock, tmp_path: Path) -> None:
    backup = make_backup(database, tmp_path / "b.db")
    writer = Writer(database, clock)
    writer.append(OperatorAction(action="running"))
    with pytest.raises(ConflictError, match="still uses it"):
        restore_backup(database, backup.path)
    writer.append(OperatorAction(action="goes on"))
    writer.close()
    with closing(connect(database)) as connection:
        assert list(check_chain(connection)) == []


def test_a_damaged_or_foreign_backup_changes_nothing(database: Path, clock: SettableClock, tmp_path: Path) -> None:
    act(database, clock, *map(str, range(200)))
    backup = make_backup(database, tmp_path / "b.db")
    raw = bytearray(backup.path.read_bytes())
    place = raw.index(b'"action":"150"')
    raw[place : place + 500] = b"\xaa" * 500
    (tmp_path / "damaged.db").write_bytes(raw)
    other = tmp_path / "other" / "edge_agent.db"
    prepare(other, clock, agent="ea-other")
    with closing(connect(database)) as connection:
        before = read_head(connection)
    for wrong in (tmp_path / "damaged.db", other, tmp_path / "none.db"):
        with pytest.raises((InputError, StorageError)):
            restore_backup(database, wrong)
    with closing(connect(database)) as connection:
        assert read_head(connection) == before


def test_a_damaged_database_is_replaced_and_its_mark_is_believed(
    database: Path, clock: SettableClock, tmp_path: Path
) -> None:
    act(database, clock, "a")
    backup = make_backup(database, tmp_path / "b.db")
    database.write_bytes(b"\xff" * 8192)
    restore_backup(database, backup.path)
    assert prepare(database, clock).epoch == 1, "nothing later was ever noted"


def test_an_existing_file_is_never_overwritten(database: Path, tmp_path: Path) -> None:
    (tmp_path / "b.db").write_text("precious")
    with pytest.raises(InputError, match="exists already"):
        make_backup(database, tmp_path / "b.db")
    assert (tmp_path / "b.db").read_text() == "precious"
