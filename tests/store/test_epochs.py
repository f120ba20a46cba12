"""A database restored from a backup never numbers a fact twice."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from edge_agent import __version__
from edge_agent.clock import SettableClock
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.model.kinds.system import ServiceStarted
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain, fact_id, place, read_facts, read_head
from edge_agent.store.files import MediaFiles
from edge_agent.store.fsck import fsck
from edge_agent.store.setup import high_water_file, note_high_water, prepare
from edge_agent.store.writer import Writer
from tests.looking import look


def act(database: Path, clock: SettableClock, count: int) -> None:
    writer = Writer(database, clock)
    for index in range(count):
        writer.append(OperatorAction(action=str(index)))
    writer.close()


def test_the_first_start_begins_epoch_one(database: Path, clock: SettableClock) -> None:
    head = read_head(look(database))
    assert (head.agent, head.epoch, head.seq) == ("ea-test", 1, 1)
    assert prepare(database, clock) == head, "preparing again changes nothing"


def test_a_restored_database_begins_an_epoch_that_names_the_lost_head(
    database: Path, clock: SettableClock, tmp_path: Path
) -> None:
    act(database, clock, 3)
    backup = tmp_path / "backup.db"
    with closing(connect(database)) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
        act(database, clock, 5)
        lost = read_head(connection)
        note_high_water(database, connection)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, database)

    codes = [finding.code for finding in fsck(database, MediaFiles(tmp_path / "media"))]
    assert codes == ["restored"]
    head = prepare(database, clock)
    assert (head.epoch, head.seq) == (2, 1)
    first = list(read_facts(look(database)))[-1]
    assert first.kind == "epoch.started"
    assert dict(first.data) == {
        "cause": "restored",
        "old_epoch": 1,
        "old_seq": lost.seq,
        "old_head": lost.link.hex(),
    }
    act(database, clock, 2)
    assert list(check_chain(look(database))) == []
    assert fsck(database, MediaFiles(tmp_path / "media")) == []
    assert (prepare(database, clock).epoch, prepare(database, clock).seq) == (2, 3)


def test_other_software_on_the_same_journal_is_a_fact(database: Path, clock: SettableClock) -> None:
    connection = look(database)
    first = read_head(connection).seq
    for version in ("0.10.0", "0.10.0", "0.9.2"):
        prepare(database, clock, version=version)
    changed = [dict(fact.data) for fact in read_facts(connection, kinds=("software.changed",))]
    assert changed == [
        {"version": "0.10.0", "old_version": __version__, "result": "installed"},
        {"version": "0.9.2", "old_version": "0.10.0", "result": "went_back"},
    ]
    assert read_head(connection).seq == first + 2, "the same version again says nothing"


def test_a_journal_of_a_release_that_noted_no_version_is_known_by_its_services(
    database: Path, clock: SettableClock
) -> None:
    writer = Writer(database, clock)
    writer.append(ServiceStarted(service="upkeep", version="0.0.9"))
    writer.run(lambda tx: tx.execute("DELETE FROM meta WHERE key = 'version'"))
    writer.close()
    for _ in range(2):
        prepare(database, clock, version="0.10.0")
    (changed,) = read_facts(look(database), kinds=("software.changed",))
    assert dict(changed.data) == {"version": "0.10.0", "old_version": "0.0.9", "result": "installed"}


def test_a_torn_mark_is_no_mark(database: Path, clock: SettableClock) -> None:
    high_water_file(database).write_text('{"agent": "ea-te')
    assert prepare(database, clock).epoch == 1


def test_the_mark_never_goes_back(database: Path, clock: SettableClock) -> None:
    act(database, clock, 2)
    note_high_water(database, look(database))
    before = high_water_file(database).read_text()
    note_high_water(database, look(database))
    assert high_water_file(database).read_text() == before


def test_ids_order_epochs_before_places() -> None:
    assert fact_id(1, 2**40 - 1) < fact_id(2, 1)
    assert place(fact_id(7, 12)) == (7, 12)


def test_a_changed_body_and_a_hole_are_named(database: Path, clock: SettableClock) -> None:
    act(database, clock, 5)
    connection = look(database, readonly=False)
    connection.execute(
        'UPDATE facts SET body = replace(CAST(body AS TEXT), \'"action":"1"\', \'"action":"9"\') WHERE id = ?',
        (fact_id(1, 3),),
    )
    assert [(broken.seq, broken.what) for broken in check_chain(connection)] == [
        (3, "内容与链不符 / body and link disagree")
    ]
    connection.execute("DELETE FROM facts WHERE id = ?", (fact_id(1, 3),))
    assert [(broken.seq, broken.what) for broken in check_chain(connection)] == [(3, "缺少 / facts 3 to 3 are missing")]
