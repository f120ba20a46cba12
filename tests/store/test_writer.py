"""One transaction for a fact, its link and its place; a job that fails harms no other."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.errors import StorageError
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.model.kinds.system import ServiceStarted
from edge_agent.store.database import ChangeFeed, connect
from edge_agent.store.facts import check_chain, read_facts, read_head
from edge_agent.store.writer import Transaction, Writer


def action(name: str) -> OperatorAction:
    return OperatorAction(action=name)


def names(path: Path) -> list[str]:
    return [fact.data["action"] for fact in read_facts(connect(path), kinds=("operator.action",))]


def test_a_fact_is_there_when_append_returns(writer: Writer, database: Path) -> None:
    fact = writer.append(action("a"), by="admin")[0]
    stored = list(read_facts(connect(database)))[-1]
    assert (stored.body, stored.link) == (fact.body, fact.link)
    assert (stored.by, stored.data["action"], fact.data["action"]) == ("admin", "a", "a")
    assert dict(fact.data) == dict(stored.data)


def test_a_failing_job_takes_back_only_its_own_writes(writer: Writer, database: Path) -> None:
    def fails(tx: Transaction) -> None:
        tx.append(action("lost"))
        raise LookupError("no such trainee")

    writer.append(action("before"))
    with pytest.raises(LookupError):
        writer.run(fails)
    writer.append(action("after"))
    assert names(database) == ["before", "after"]
    assert list(check_chain(connect(database))) == []


def test_jobs_that_wait_together_share_one_commit(writer: Writer, database: Path) -> None:
    feed = ChangeFeed(database)
    feed.changed()
    gate = threading.Event()
    inside = threading.Event()
    commits = []

    def first(tx: Transaction) -> None:
        inside.set()
        assert gate.wait(10)
        tx.append(action("first"))

    def fails(tx: Transaction) -> None:
        tx.append(action("lost"))
        raise LookupError

    def worker(index: int) -> None:
        try:
            writer.run(fails if index == 3 else lambda tx: tx.append(action(str(index))))
        except LookupError:
            commits.append("failed")

    leader = threading.Thread(target=lambda: writer.run(first))
    leader.start()
    assert inside.wait(10)
    threads = [threading.Thread(target=worker, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    while len(writer._waiting) < 8:
        threading.Event().wait(0.001)
    statements: list[str] = []
    writer._connection.set_trace_callback(statements.append)
    gate.set()
    for thread in [leader, *threads]:
        thread.join(10)
    assert statements.count("COMMIT") == 2, "the first job alone, then all that had waited"
    assert sorted(names(database)) == ["0", "1", "2", "4", "5", "6", "7", "first"]
    assert commits == ["failed"]
    assert list(check_chain(connect(database))) == []
    assert feed.changed()
    assert not feed.changed()


def test_writers_of_several_processes_interleave_into_one_chain(
    writer: Writer, database: Path, clock: SettableClock
) -> None:
    other = Writer(database, clock)
    for index in range(20):
        (writer if index % 2 else other).append(action(str(index)))
    other.close()
    assert names(database) == [str(index) for index in range(20)]
    assert list(check_chain(connect(database))) == []


def test_a_reader_never_blocks_the_writer(writer: Writer, database: Path) -> None:
    reader = connect(database, readonly=True)
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
    assert list(check_chain(connect(database))) == []


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
    assert list(check_chain(connect(database))) == []


def test_a_value_that_is_no_json_is_refused_before_anything_is_written(writer: Writer, database: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        writer.append(OperatorAction(action=float("nan")))  # type: ignore[arg-type] # the bad value is the test
    assert names(database) == []


def test_sql_errors_of_a_job_reach_its_caller(writer: Writer) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        writer.run(lambda tx: tx.execute("INSERT INTO meta VALUES ('agent', 'other')"))
