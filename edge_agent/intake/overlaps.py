"""Lessons of a draft that can't both be held: an error within a class, a warning to tick between classes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edge_agent.intake.problems import Place
from edge_agent.intake.report import Report
from edge_agent.intake.values import fold
from edge_agent.intake.world import World
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import TrainingClass
from edge_agent.rules.conflicts import Booking, Claim, conflicts
from edge_agent.rules.windows import lesson_times

_BETWEEN_CLASSES = {
    Claim.ROOM: "room_overlap",
    Claim.TEACHER: "teacher_overlap",
    Claim.TRAINEES: "trainees_overlap",
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson of the file (`place` says where) or of the store; room and teacher are ids, or names not yet known."""

    training: TrainingClass
    lesson: Lesson
    room: str
    teacher: str
    place: Place | None = None

    @property
    def row(self) -> int:
        return self.place.row if self.place else 0

    def named(self, beside: TrainingClass) -> tuple[str, str]:
        """Name it, in Chinese and in English, to a person who looks at a row of the class `beside`."""
        if self.place is not None:
            return f"第 {self.place.row} 行", f"row {self.place.row}"
        when = f"{self.lesson.date:%m-%d} {self.lesson.start:%H:%M}"
        name = when if self.training == beside else f"{self.training.name} {when}"
        return f" {name} ", name


def stored(world: World, without: Iterable[str]) -> Iterator[Planned]:
    """Give the store's lessons, except those of the ids in `without`."""
    classes = {known.id: known for known in world.classes}
    left_out = frozenset(without)
    for lesson in world.lessons:
        if lesson.id not in left_out and lesson.class_id in classes:
            yield Planned(classes[lesson.class_id], lesson, lesson.room, lesson.teacher)


def find_overlaps(report: Report, world: World, lessons: Sequence[Planned]) -> None:
    """Report each pair of lessons of which one at least is in the file, at the later of its rows."""
    for conflict in conflicts([_booking(world, planned) for planned in lessons]):
        first, last = sorted((lessons[conflict.one], lessons[conflict.two]), key=lambda planned: planned.row)
        if last.place is None:
            continue
        if conflict.same_class:
            code = "lessons_overlap" if conflict.claim is Claim.CLASS else "subgroups_overlap"
        else:
            code = _BETWEEN_CLASSES[conflict.claim]
        other, other_en = first.named(last.training)
        report.add(code, last.place, other=other, other_en=other_en, count=conflict.count)


def _booking(world: World, planned: Planned) -> Booking:
    training, subgroup = planned.training, planned.lesson.subgroup
    times = lesson_times(planned.lesson, world.policies[training.policy])
    return Booking(
        class_key=training.id or training.name,
        span=times.taught,
        subgroup=subgroup,
        room=fold(planned.room),
        teacher=fold(planned.teacher),
        trainees=frozenset(
            trainee.document
            for trainee in world.active.get(training.id, ())
            if not subgroup or trainee.subgroup == subgroup
        ),
    )
