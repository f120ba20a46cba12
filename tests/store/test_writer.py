"""One transaction for a fact, its link and its place; a job that fails harms no other."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.errors import StorageError
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.model.kinds.system import ClockAnchor, ServiceStarted
from edge_agent.store.database import PAGE_BYTES, ChangeFeed
from edge_agent.store.facts import check_chain, fact_id, read_facts, read_head
from edge_agent.store.setup import HighWater, new_epoch
from edge_agent.store.writer import Transaction, Writer
from tests.looking import look


def action(name: str) -> OperatorAction:
    return OperatorAction(action=name)


def together(writer: Writer, jobs: Sequence[Callable[[Transaction], object]]) -> list[BaseException | None]:
    """Run jobs of several threads in one transaction; give what each raised."""
    gate, inside = threading.Event(), threading.Event()
    outcomes: list[BaseException | None] = [None] * len(jobs)

    def hold(_: Transaction) -> None:
        inside.set()
        assert gate.wait(10)

    def work(index: int) -> None:
        try:
            writer.run(jobs[index])
        except BaseException as error:  # noqa: BLE001 - what came of it is the test
            outcomes[index] = error

    threads = [threading.Thread(target=lambda: writer.run(hold))]
    threads[0].start()
    assert inside.wait(10)
    for index in range(len(jobs)):
        threads.append(threading.Thread(target=work, args=(index,)))
        threads[-1].start()
        while len(writer._waiting) <= index:
            threading.Event().wait(0.001)
    gate.set()
    for thread in threads:
        thread.join(10)
    return outcomes


def names(path: Path) -> list[str]:
    return [fact.data["action"] for fact in read_facts(look(path), kinds=("operator.action",))]


def test_a_fact_is_there_when_append_returns(writer: Writer, database: Path) -> None:
    fact = writer.append(action("a"), by="admin")[0]
    stored = list(read_facts(look(database)))[-1]
    assert (stored.body, stored.link) == (fact.body, fact.link)
    assert (stored.by, stored.data["action"], fact.data["action"]) == ("admin", "a", "a")
    assert dict(fact.data) == dict(stored.data)


def test_a_batch_is_what_one_after_the_other_writes(writer: Writer, database: Path) -> None:
    anchor = ClockAnchor(
        boot_id="b", boottime=1.0, wall=writer.clock.stamp().wall, offset=0.0, max_error=0.1, source="ntp"
    )
    facts = writer.append(action("a"), anchor, action("b"))
    stored = list(read_facts(look(database)))[-3:]
    assert [fact.link for fact in facts] == [fact.link for fact in stored]
    assert [fact.seq - facts[0].seq for fact in facts] == [0, 1, 2]
    assert list(check_chain(look(database))) == []
    ((named,),) = look(database).execute("SELECT fact FROM anchors").fetchall()
    assert named == fact_id(facts[1].epoch, facts[1].seq)


def test_a_wrong_value_in_a_batch_writes_none_of_it(writer: Writer, database: Path) -> None:
    with pytest.raises(ValueError, match=r"OperatorAction\.action"):
        writer.append(action("a"), action(None), action("b"))  # type: ignore[arg-type] # what the test is about
    assert names(database) == []
    writer.append(action("c"))
    assert list(check_chain(look(database))) == []


def test_a_failing_job_takes_back_only_its_own_writes(writer: Writer, database: Path) -> None:
    def fails(tx: Transaction) -> None:
        tx.append(action("lost"))
        raise LookupError("no such trainee")

    writer.append(action("before"))
    with pytest.raises(LookupError):
        writer.run(fails)
    writer.append(action("after"))
    assert names(database) == ["before", "after"]
    assert list(check_chain(look(database))) == []


def test_jobs_that_wait_together_share_one_commit(writer: Writer, database: Path) -> None:
    feed = ChangeFeed(database)
    feed.changed()
    statements: list[str] = []

    def fails(tx: Transaction) -> None:
        tx.append(action("lost"))
        raise LookupError

    def named(index: int) -> Callable[[Transaction], object]:
        return lambda tx: tx.append(action(str(index)))

    writer._connection.set_trace_callback(statements.append)
    outcomes = together(writer, [fails if index == 3 else named(index) for index in range(8)])
    assert statements.count("COMMIT") == 2, "the first job alone, then all that had waited"
    assert names(database) == ["0", "1", "2", "4", "5", "6", "7"]
    assert [index for index, outcome in enumerate(outcomes) if outcome is not None] == [3]
    assert list(check_chain(look(database))) == []
    assert feed.changed()
    assert not feed.changed()
    feed.close()


def test_writers_of_several_processes_interleave_into_one_chain(
    writer: Writer, database: Path, clock: SettableClock
) -> None:
    other = Writer(database, clock)
    for index in range(20):
        (writer if index % 2 else other).append(action(str(index)))
    other.close()
    assert names(database) == [str(index) for index in range(20)]
    assert list(check_chain(look(database))) == []


def test_a_reader_never_blocks_the_writer(writer: Writer, database: Path) -> None:
    reader = look(database)
    reader.execute("BEGIN")
    before = read_head(reader).seq
    writer.append(action("while reading"))
    assert read_head(reader).seq == before, "a reader sees one moment"
    reader.execute("COMMIT")
    assert read_head(reader).seq == before + 1


def test_a_full_database_releases_the_ballast_and_tries_once_more(writer: Writer, database: Path) -> None:
    released = []

    def release() -> bool:
        released.append(True)
        writer._connection.execute("PRAGMA max_page_count=1000000")
        return True

    writer._on_full = release
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count={pages}")
    for index in range(200):
        writer.append(action(f"{index} " + "x" * 200))
    assert released == [True]
    assert len(names(database)) == 200
    assert list(check_chain(look(database))) == []


def test_a_full_database_without_ballast_says_what_to_do_and_keeps_what_it_has(writer: Writer, database: Path) -> None:
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count={pages}")
    stored = 0
    refused: StorageError | None = None
    while refused is None:
        try:
            writer.append(action("x" * 200))
            stored += 1
        except StorageError as error:
            refused = error
    assert "disk is full" in refused.message
    assert refused.do
    assert len(names(database)) == stored
    writer._connection.execute("PRAGMA max_page_count=1000000")
    writer.append(ServiceStarted(service="kiosk", version="1"))
    assert list(check_chain(look(database))) == []


def test_a_value_of_a_wrong_type_is_refused_before_anything_is_written(writer: Writer, database: Path) -> None:
    with pytest.raises(ValueError, match=r"OperatorAction\.action"):
        writer.append(OperatorAction(action=float("nan")))  # type: ignore[arg-type] # the bad value is the test
    assert names(database) == []


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("INSERT INTO meta VALUES ('agent', 'other')", sqlite3.IntegrityError),
        ("SELECT fullname FROM meta", sqlite3.OperationalError),
    ],
)
def test_sql_errors_of_a_job_reach_its_caller_alone(
    writer: Writer, database: Path, sql: str, kind: type[sqlite3.Error]
) -> None:
    def wrong(tx: Transaction) -> None:
        tx.append(action("lost"))
        tx.execute(sql)

    with pytest.raises(kind):
        writer.run(wrong)
    outcomes = together(writer, [wrong, lambda tx: tx.append(action("kept"))])
    assert [type(outcome) for outcome in outcomes] == [kind, type(None)]
    assert names(database) == ["kept"]


def test_a_damaged_page_is_said_as_such_to_all_of_the_group(
    writer: Writer, database: Path, clock: SettableClock
) -> None:
    root = look(database).execute("SELECT rootpage FROM sqlite_master WHERE name = 'trainees'").fetchone()[0]
    writer._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with database.open("r+b") as raw:
        raw.seek((root - 1) * PAGE_BYTES)
        raw.write(b"\xaa" * PAGE_BYTES)
    fresh = Writer(database, clock)
    jobs = [lambda tx: tx.execute("SELECT * FROM trainees").fetchall(), lambda tx: tx.append(action("lost"))]
    outcomes = together(fresh, jobs)
    fresh.close()
    assert [isinstance(outcome, StorageError) and "damaged" in outcome.message for outcome in outcomes] == [True, True]
    assert names(database) == []


def test_a_thread_that_is_ended_in_its_job_announces_nothing_to_the_others(writer: Writer, database: Path) -> None:
    def ends(_: Transaction) -> None:
        raise SystemExit

    outcomes = together(writer, [ends, lambda tx: tx.append(action("lost"))])
    assert all(isinstance(outcome, SystemExit) for outcome in outcomes)
    writer.append(action("after"))
    assert names(database) == ["after"]


def test_a_job_that_calls_run_is_refused_instead_of_waiting_for_itself(writer: Writer, database: Path) -> None:
    with pytest.raises(RuntimeError, match="own transaction"):
        writer.run(lambda _: writer.append(action("inner")))
    writer.append(action("after"))
    assert names(database) == ["after"]


def test_a_failed_job_that_began_an_epoch_leaves_the_old_one(writer: Writer, database: Path) -> None:
    def restores(tx: Transaction) -> None:
        new_epoch(tx, HighWater("ea-test", 1, 5, "00"), cause="restored")
        raise LookupError

    together(writer, [restores, lambda tx: tx.append(action("kept"))])
    assert [fact.epoch for fact in read_facts(look(database), kinds=("operator.action",))] == [1]
    assert list(check_chain(look(database))) == []
