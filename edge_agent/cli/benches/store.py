"""What durability and the chain cost against bare sqlite3 with the same bodies, in one run on one disk."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.clock import SystemClock
from edge_agent.model.kinds.attendance import Recognition, SignedIn
from edge_agent.model.stamp import Stamp
from edge_agent.store.database import connect
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer

BATCH = 100


def run(
    facts: Annotated[int, typer.Option(min=10, help="Facts committed one at a time, in each of the rounds.")] = 100,
    batches: Annotated[int, typer.Option(min=1, help="Batches of 100 in each of the rounds.")] = 10,
    rounds: Annotated[int, typer.Option(min=1, help="Ours and bare sqlite3 take turns so often.")] = 40,
    backlog: Annotated[int, typer.Option(min=0, help="Facts in the database that is opened.")] = 1_000_000,
) -> Bench:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        clock = SystemClock(folder / "clock.json")
        prepare(folder / "ours.db", clock)
        fact = _fact(clock.stamp())
        bodies = _bodies(folder, clock, fact)
        with closing(_Bare(folder / "bare.db")) as bare, closing(Writer(folder / "ours.db", clock)) as writer:
            one = _Turns(lambda: writer.append(fact), lambda: bare.insert(bodies[0]), times=facts)
            many = _Turns(lambda: writer.append(*[fact] * BATCH), lambda: bare.insert_many(bodies), times=batches)
            for _ in range(rounds):
                one.take()
                many.take()
        figures: dict[str, float | int | str] = {
            "append_1_per_s": round(facts / median(one.ours)),
            "sqlite_1_per_s": round(facts / median(one.bare)),
            "append_100_per_s": round(batches * BATCH / median(many.ours)),
            "sqlite_100_per_s": round(batches * BATCH / median(many.bare)),
            "body_bytes": len(bodies[0]),
        }
        if backlog:
            figures |= _opening(folder / "ours.db", clock, backlog)
    return Bench("store", figures, {"append_1_vs_sqlite": one.ratio(), "append_100_vs_sqlite": many.ratio()})


class _Turns:
    """Seconds that ours and the peer took, in turns so short that what else the disk does meets both.

    The median of the turns, and not their sum: one turn that meets another program's fsync would decide it.
    """

    def __init__(self, ours: Callable[[], object], bare: Callable[[], object], *, times: int) -> None:
        self._work = (ours, bare)
        self._times = times
        self.ours: list[float] = []
        self.bare: list[float] = []

    def take(self) -> None:
        turns = list(zip(self._work, (self.ours, self.bare), strict=True))
        # who comes first alternates: the second finds the disk as the first left it
        for work, seconds in turns if len(self.ours) % 2 else reversed(turns):
            began = time.perf_counter()
            for _ in range(self._times):
                work()
            seconds.append(time.perf_counter() - began)

    def ratio(self) -> float:
        return round(median(self.bare) / median(self.ours), 3)


class _Bare:
    """The peer: one table, one prepared statement, the same durability, no link and no head to read."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE facts(id INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def insert(self, body: bytes) -> sqlite3.Cursor:
        with self._connection:
            return self._connection.execute("INSERT INTO facts(body) VALUES (?)", (body,))

    def insert_many(self, bodies: list[bytes]) -> sqlite3.Cursor:
        with self._connection:
            return self._connection.executemany("INSERT INTO facts(body) VALUES (?)", [(body,) for body in bodies])

    def close(self) -> None:
        self._connection.close()


def _fact(stamp: Stamp) -> SignedIn:
    return SignedIn(
        unit="9f86d081884c7d65/1",
        class_id="2c26b46b68ffc68f",
        lesson="9f86d081884c7d65",
        trainee="fcde2b2edba56bf4",
        at=stamp.wall,
        method="face",
        visit="b5bb9d8014a0f9b1",
        kiosk="kiosk-1",
        recognition=Recognition(engine="opencv/sface-2021dec", score=0.62, margin=0.31, frames=3, liveness="passive"),
    )


def _bodies(folder: Path, clock: SystemClock, fact: SignedIn) -> list[bytes]:
    with closing(Writer(folder / "ours.db", clock)) as writer:
        return [each.body for each in writer.append(*[fact] * BATCH)]


def _opening(path: Path, clock: SystemClock, backlog: int) -> dict[str, float | int | str]:
    writer = Writer(path, clock)
    fact = _fact(clock.stamp())
    with closing(connect(path)) as connection:
        have = connection.execute("SELECT count(*) FROM facts").fetchone()[0]
    for _ in range((backlog - have) // 1000 + 1):
        writer.append(*[fact] * 1000)
    writer.close()
    began = time.perf_counter()
    writer = Writer(path, clock)
    writer.append(fact)
    seconds = time.perf_counter() - began
    writer.close()
    return {"open_and_append_s": round(seconds, 4), "open_facts": backlog}
