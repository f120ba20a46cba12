"""One writer a process: jobs that wait together share a transaction and its fsync."""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from edge_agent.clock import Clock
from edge_agent.errors import DiskFullError
from edge_agent.model.fact import Fact, Payload
from edge_agent.model.stamp import Stamp
from edge_agent.store.database import connect, is_refusal, refusal
from edge_agent.store.facts import Appender, Head, HeadReader, read_head

T = TypeVar("T")
GROUP = 64
"""Jobs a transaction at most: keeps the write lock under 50 ms on a slow SD card."""


class Transaction:
    """What a job is given: SQL, and `append` for facts; both commit or neither does."""

    def __init__(self, connection: sqlite3.Connection, stamp: Stamp, policy: str, head: Head) -> None:
        self._connection = connection
        self._appender = Appender(connection, stamp, head)
        self._policy = policy
        self.stamp = stamp

    def execute(self, sql: str, values: Iterable[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        return self._connection.execute(sql, values if isinstance(values, dict) else tuple(values))

    def executemany(self, sql: str, rows: Iterable[Iterable[Any]]) -> sqlite3.Cursor:
        return self._connection.executemany(sql, [tuple(row) for row in rows])

    def append(self, payload: Payload, *, by: str = "", policy: str | None = None) -> Fact:
        """Append a fact; `by` is the operator's account, `policy` the `id@sha256` that judged it."""
        return self.extend((payload,), by=by, policy=policy)[0]

    def extend(self, payloads: Sequence[Payload], *, by: str = "", policy: str | None = None) -> list[Fact]:
        """Append several facts: what a loop would write, at a third of its cost."""
        return self._appender.append(payloads, by=by, policy=self._policy if policy is None else policy)

    @property
    def connection(self) -> sqlite3.Connection:
        """For the aggregates' readers, so that a job sees its own writes."""
        return self._connection

    @property
    def head(self) -> Head:
        return self._appender.head

    def reread_head(self) -> None:
        """Take up the epoch that this transaction has just begun."""
        self._appender.stand_at(read_head(self._connection))

    def _attempt(self, job: Callable[[Transaction], T]) -> T:
        """Run a job in a savepoint: one that fails takes back its own writes and no other's."""
        head = self._appender.head
        self._connection.execute("SAVEPOINT job")
        try:
            result = job(self)
        except BaseException:
            if self._connection.in_transaction:  # SQLITE_FULL and I/O errors have rolled everything back already
                self._connection.execute("ROLLBACK TO job")
                self._connection.execute("RELEASE job")
            self._appender.stand_at(head)
            raise
        self._connection.execute("RELEASE job")
        return result


class _Job(Generic[T]):
    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self.work = work
        self.done = False
        self.error: BaseException | None = None
        self.result: T | None = None


class Writer:
    """Writes facts and tables. Thread-safe; a call returns after its commit.

    Whoever finds the lock free leads: it takes the waiting jobs of the other threads with its own into one transaction.
    `on_full` is called once when the disk is full (it releases the ballast), then the transaction is tried again: a job
    may run twice, and what it does besides writing must bear that.
    """

    def __init__(
        self, path: Path, clock: Clock, *, policy: str = "", on_full: Callable[[], bool] | None = None
    ) -> None:
        self.path = path
        self.policy = policy
        self.clock = clock
        self._connection = connect(path)
        self._heads = HeadReader(self._connection)
        self._on_full = on_full
        self._lock = threading.Lock()
        self._leader: int | None = None
        self._waiting: deque[_Job[Any]] = deque()

    def run(self, work: Callable[[Transaction], T]) -> T:
        """Run a short job in the next transaction and give its result after the commit.

        Raises what the job raised, or `StorageError` when the disk or the database refuses; nothing is written then.
        """
        if self._leader == threading.get_ident():
            raise RuntimeError("run() was called by a job, which would wait for itself: use the job's own transaction")
        job = _Job(work)
        self._waiting.append(job)
        with self._lock:
            self._leader = threading.get_ident()
            try:
                while not job.done:
                    self._lead()
            finally:
                self._leader = None
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[return-value] # a done job without an error has its result

    def append(self, *payloads: Payload, by: str = "", policy: str | None = None) -> list[Fact]:
        """Append facts that change no table."""
        return self.run(lambda tx: tx.extend(payloads, by=by, policy=policy))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _lead(self) -> None:
        """Commit the first of the waiting jobs, and tell each what became of it."""
        jobs = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
        try:
            try:
                self._commit(jobs)
            except DiskFullError:
                if self._on_full is None or not self._on_full():
                    raise
                self._commit(jobs)
        except BaseException as error:
            for job in jobs:  # nothing was written, whatever else each was told before
                job.error = error
            if not isinstance(error, Exception):
                raise  # this thread is to end; the others only learn that their jobs failed
        finally:
            for job in jobs:
                job.done = True

    def _commit(self, jobs: list[_Job[Any]]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            tx = Transaction(connection, self.clock.stamp(), self.policy, self._heads.read())
            for job in jobs:
                job.error = None
                try:
                    # A job alone needs no savepoint: the transaction is its own.
                    job.result = job.work(tx) if len(jobs) == 1 else tx._attempt(job.work)  # noqa: SLF001 - one class in two halves
                except Exception as error:
                    if is_refusal(error) or not connection.in_transaction:
                        raise  # all of the group is tried again or refused together
                    job.error = error
            if len(jobs) == 1 and jobs[0].error:
                connection.execute("ROLLBACK")
            else:
                connection.execute("COMMIT")
                self._heads.committed(tx.head)
        except BaseException as error:
            self._heads.forget()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise refusal(self.path, error) from error
            raise
