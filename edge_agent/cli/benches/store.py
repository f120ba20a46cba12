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
from edge_agent.store.facts import read_facts
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer

BATCH = 100


def run(
    facts: Annotated[int, typer.Option(min=100, help="Facts committed one at a time, in each of the rounds.")] = 600,
    batches: Annotated[int, typer.Option(min=1, help="Batches of 100 in each of the rounds.")] = 60,
    rounds: Annotated[int, typer.Option(min=1, help="Ours and bare sqlite3 take turns so often.")] = 5,
    backlog: Annotated[int, typer.Option(min=0, help="Facts in the database that is opened.")] = 1_000_000,
) -> Bench:
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name)
        clock = SystemClock(folder / "clock.json")
        prepare(folder / "ours.db", clock)
        stamp = clock.stamp()
        bodies = _bodies(folder, clock, stamp)
        with closing(_Bare(folder / "bare.db")) as bare, closing(Writer(folder / "ours.db", clock)) as writer:
            fact = _fact(stamp)
            ours_1, bare_1, ours_100, bare_100 = [], [], [], []
            for _ in range(rounds):
                ours_1.append(facts / _time(lambda: [writer.append(fact) for _ in range(facts)]))
                bare_1.append(facts / _time(lambda: [bare.insert(bodies[0]) for _ in range(facts)]))
                ours_100.append(
                    batches * BATCH / _time(lambda: [writer.append(*[fact] * BATCH) for _ in range(batches)])
                )
                bare_100.append(batches * BATCH / _time(lambda: [bare.insert_many(bodies) for _ in range(batches)]))
        figures: dict[str, float | int | str] = {
            "append_1_per_s": round(median(ours_1)),
            "sqlite_1_per_s": round(median(bare_1)),
            "append_100_per_s": round(median(ours_100)),
            "sqlite_100_per_s": round(median(bare_100)),
            "body_bytes": len(bodies[0]),
        }
        if backlog:
            figures |= _opening(folder / "ours.db", clock, backlog)
    return Bench(
        "store",
        figures,
        {
            "append_1_vs_sqlite": round(median(map(_divide, ours_1, bare_1)), 3),
            "append_100_vs_sqlite": round(median(map(_divide, ours_100, bare_100)), 3),
        },
    )


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


def _bodies(folder: Path, clock: SystemClock, stamp: Stamp) -> list[bytes]:
    writer = Writer(folder / "ours.db", clock)
    writer.append(*[_fact(stamp)] * BATCH)
    writer.close()
    with closing(connect(folder / "ours.db")) as connection:
        return [fact.body for fact in read_facts(connection)][-BATCH:]


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


def _time(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _divide(ours: float, theirs: float) -> float:
    return ours / theirs
