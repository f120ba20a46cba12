"""Lessons that can't both be held: one class, room, teacher or trainee claimed twice at one time. RULES, reading 10."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.model.span import Span


class Claim(StrEnum):
    """What two lessons both claim."""

    CLASS = "class"  # one class, or one subgroup of it: can't be
    ROOM = "room"
    TEACHER = "teacher"
    TRAINEES = "trainees"  # of two classes


@dataclass(frozen=True, slots=True)
class Booking:
    """What a lesson claims for its time; an empty room or teacher claims none.

    `trainees` are whatever names a person in every class: documents, not the ids that each class gives.
    """

    class_key: str
    span: Span
    subgroup: str = ""
    room: str = ""
    teacher: str = ""
    trainees: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Conflict:
    """`one` and `two` are the places of the two in the sequence that was asked about; `count` is of trainees."""

    claim: Claim
    one: int
    two: int
    same_class: bool
    count: int = 0


def conflicts(bookings: Sequence[Booking]) -> Iterator[Conflict]:
    """Give the conflicts of each two lessons that overlap; lessons that only touch don't."""
    running: list[int] = []
    for two in sorted(range(len(bookings)), key=lambda index: bookings[index].span.start):
        start = bookings[two].span.start
        running = [one for one in running if bookings[one].span.end > start]
        for one in running:
            yield from _of_pair(bookings, one, two)
        running.append(two)


def _of_pair(bookings: Sequence[Booking], one: int, two: int) -> Iterator[Conflict]:
    first, second = bookings[one], bookings[two]
    same = first.class_key == second.class_key
    if same and (not first.subgroup or not second.subgroup or first.subgroup == second.subgroup):
        yield Conflict(Claim.CLASS, one, two, same)
        return
    if first.room and first.room == second.room:
        yield Conflict(Claim.ROOM, one, two, same)
    if first.teacher and first.teacher == second.teacher:
        yield Conflict(Claim.TEACHER, one, two, same)
    if not same and (shared := first.trainees & second.trainees):
        yield Conflict(Claim.TRAINEES, one, two, same, len(shared))
