"""A small venue for tests: a prepared database, a clock that the test moves, and people and lessons made in a line."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from datetime import time as time_of_day
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.model.stamp import Stamp
from edge_agent.policies import load_policy
from edge_agent.store import consents, lessons, training
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Transaction, Writer

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2024, 10, 8)
policies = cache(load_policy)


@contextmanager
def reading(database: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(database, readonly=True)
    try:
        yield connection
    finally:
        connection.close()


def at(text: str, day: date = DAY) -> datetime:
    """Give an instant of the day, as `09:29` or `09:29:00`."""
    return datetime.combine(day, time_of_day.fromisoformat(text), ZONE)


class RunningClock(SettableClock):
    """A clock that goes by itself; `set` and `advance` move it ahead."""

    def __init__(self, wall: datetime) -> None:
        super().__init__(wall)
        self._read = time.monotonic()

    def stamp(self) -> Stamp:
        self._pass()
        return super().stamp()

    def boottime(self) -> float:
        self._pass()
        return super().boottime()

    def _pass(self) -> None:
        now = time.monotonic()
        passed, self._read = now - self._read, now
        self.advance(passed)


class Venue:
    """One device. `close` it, or use the fixture `venue`."""

    def __init__(self, folder: Path, start: datetime | None = None, *, clock: SettableClock | None = None) -> None:
        self.clock = clock or SettableClock(start or at("07:00"))
        self.database = folder / "edge_agent.db"
        prepare(self.database, self.clock, agent="ea-test")
        self.writer = Writer(self.database, self.clock)

    def add_class(self, identifier: str = "c1", *, policy: str = "jinan-2024", **fields: Any) -> TrainingClass:
        training_class = TrainingClass(
            id=identifier,
            code=f"QC-{identifier}",
            name=f"育婴员{identifier}期",
            category="育婴员",
            opens=DAY,
            closes=date(2024, 10, 31),
            required_periods=40,
            state=ClassState.APPROVED,
            policy=policy,
        )
        training_class = replace(training_class, **fields)
        self.writer.run(lambda tx: training.save_class(tx, training_class, by="test"))
        return training_class

    def add_trainee(self, identifier: str = "t1", class_id: str = "c1", name: str = "王小明", **fields: Any) -> str:
        trainee = Trainee(
            id=identifier, class_id=class_id, name=name, document=secrets.token_hex(9), phone="13800000000"
        )
        self.writer.run(lambda tx: training.save_trainees(tx, [replace(trainee, **fields)]))
        return identifier

    def add_lesson(
        self, identifier: str = "A", start: str = "08:00", periods: int = 2, *, class_id: str = "c1", **fields: Any
    ) -> Lesson:
        lesson = Lesson(identifier, class_id, DAY, time_of_day.fromisoformat(start), periods)
        return self.save_lesson(replace(lesson, **fields))

    def save_lesson(self, lesson: Lesson) -> Lesson:
        return self.writer.run(lambda tx: lessons.save_lesson(tx, lesson, change="edited", by="test"))

    def consent(self, *trainees: str, text: str = "2025-06") -> None:
        """Let them consent to being recognised."""

        def give_all(tx: Transaction) -> None:
            for trainee in trainees:
                given = ConsentGiven(trainee=trainee, purpose="recognise", text=text, at=tx.stamp.wall)
                consents.give(tx, given, by="test")

        self.writer.run(give_all)

    def facts(self, kind: str) -> list[dict[str, Any]]:
        """What the journal says of a kind, oldest first."""
        with reading(self.database) as connection:
            return [dict(fact.data) for fact in read_facts(connection, kinds=(kind,))]

    def close(self) -> None:
        self.writer.close()
