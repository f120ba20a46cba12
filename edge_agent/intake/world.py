"""What the store already holds, as far as an import must know it; frozen, so that a dry run can't change it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property

from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Teacher, Trainee, TrainingClass
from edge_agent.rules.policy import Policy


@dataclass(frozen=True)
class World:
    """`policies` by name, `policy` the one of new classes; `rooms` are names by id, `lessons` those not cancelled.

    `trainees` of all classes that are not deleted, those who left included: they may come back.
    """

    now: datetime
    policy: str
    policies: Mapping[str, Policy]
    classes: tuple[TrainingClass, ...] = ()
    trainees: tuple[Trainee, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    teachers: tuple[Teacher, ...] = ()
    rooms: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def active(self) -> Mapping[str, tuple[Trainee, ...]]:
        """Active trainees by class."""
        grouped: dict[str, list[Trainee]] = defaultdict(list)
        for trainee in self.trainees:
            if trainee.active:
                grouped[trainee.class_id].append(trainee)
        return {class_id: tuple(trainees) for class_id, trainees in grouped.items()}

    @property
    def today(self) -> date:
        return self.now.date()

    def same_as(self, other: World) -> bool:
        """Tell whether the store still stands as it did, whatever the time."""
        return replace(self, now=other.now) == other
