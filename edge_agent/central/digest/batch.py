"""Some facts of one agent while they are digested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from edge_agent.central.database import Tx
from edge_agent.central.instants import to_micros
from edge_agent.model.fact import Payload
from edge_agent.sync.contract.facts import Envelope


@dataclass(frozen=True, slots=True)
class Read:
    """One fact: `place` is its epoch and number as one integer."""

    place: int
    envelope: Envelope

    @property
    def at(self) -> int:
        return to_micros(self.envelope.clock.wall)


@dataclass(slots=True)
class Growth:
    """What a batch adds to a lesson's recordings."""

    segments: int = 0
    seconds: float = 0.0
    bytes: int = 0
    gaps: int = 0
    first: int = 0
    last: int = 0

    def note(self, place: int) -> None:
        self.first, self.last = self.first or place, place


@dataclass(slots=True)
class Batch:
    """`person` gives the keyed hash of a document number."""

    tx: Tx
    agent: int
    person: Callable[[str], str]
    growth: dict[str, Growth] = field(default_factory=dict)

    def lesson(self, lesson: str) -> Growth:
        return self.growth.setdefault(lesson, Growth())

    def run(self, sql: str, *values: Any) -> None:
        self.tx.run(sql, values)

    def flush(self) -> None:
        """Write what was added up."""
        self.tx.run_many(
            "INSERT INTO lessons(agent, id, segments, seconds, bytes, gaps, first_place, last_place)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT(agent, id) DO UPDATE SET"
            " segments = lessons.segments + excluded.segments, seconds = lessons.seconds + excluded.seconds,"
            " bytes = lessons.bytes + excluded.bytes, gaps = lessons.gaps + excluded.gaps,"
            " first_place = CASE WHEN lessons.first_place = 0 THEN excluded.first_place ELSE lessons.first_place END,"
            " last_place = CASE WHEN excluded.last_place > lessons.last_place THEN excluded.last_place"
            " ELSE lessons.last_place END",
            [
                (self.agent, lesson, each.segments, round(each.seconds), each.bytes, each.gaps, each.first, each.last)
                for lesson, each in self.growth.items()
            ],
        )
        self.growth.clear()


Handler = Callable[[Batch, Read, Any], None]
HANDLERS: dict[str, Handler] = {}


def handles(*payloads: type[Payload]) -> Callable[[Handler], Handler]:
    """Register what digests facts of these kinds."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update((payload.KIND, handler) for payload in payloads)
        return handler

    return register


def micros(at: datetime | None) -> int | None:
    return None if at is None else to_micros(at)
