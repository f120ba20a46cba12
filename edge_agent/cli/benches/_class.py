"""An ordinary class for benches: fifty trainees and their lessons, as an import would have left them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.model.lesson import Lesson
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.store import lessons, training
from edge_agent.store.writer import Transaction

BY = "bench"


@dataclass(frozen=True, slots=True)
class Taught:
    """A class in one room: `starts` in the policy's zone, each lesson of so many periods."""

    room: str
    starts: tuple[datetime, ...]
    periods: int
    policy: str = "jinan-2024"

    def save(self, tx: Transaction, *, trainees: int) -> tuple[list[str], list[Lesson]]:
        """Give the trainees' ids and the lessons."""
        first, last = self.starts[0].date(), self.starts[-1].date()
        training_class = TrainingClass(
            id=secrets.token_hex(8),
            code=f"BENCH-{secrets.token_hex(3)}",
            name="性能测量班",
            category="育婴员",
            opens=first - timedelta(days=1),
            closes=last + timedelta(days=1),
            required_periods=self.periods * len(self.starts),
            state=ClassState.APPROVED,
            policy=self.policy,
        )
        training.save_room(tx, self.room, self.room, by=BY)
        training.save_class(tx, training_class, by=BY)
        people = [
            Trainee(secrets.token_hex(8), training_class.id, f"学员{number}", secrets.token_hex(9))
            for number in range(trainees)
        ]
        training.save_trainees(tx, people)
        return [each.id for each in people], list(self._lessons(tx, training_class.id))

    def _lessons(self, tx: Transaction, class_id: str) -> Iterable[Lesson]:
        for start in self.starts:
            lesson = Lesson(
                secrets.token_hex(8), class_id, start.date(), start.time(), self.periods, room=self.room, subject="护理"
            )
            yield lessons.save_lesson(tx, lesson, change="added", by=BY)
