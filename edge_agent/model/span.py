"""Spans of time: windows to tap in, periods to teach in, recordings to make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` to `end`, both ends included."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at <= self.end

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Say whether the two share more than an end."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Period:
    """Period `number` (from 1) of a lesson; `held` is False where the lesson ended before the period did."""

    lesson: str
    number: int
    span: Span
    held: bool = True


@dataclass(frozen=True, slots=True)
class AttendanceUnit:
    """One sign-in and one sign-out, and the `periods` that they earn together.

    `id` is `LESSON/n`, or `day/DATE` under a fixed-clock policy.
    """

    id: str
    class_id: str
    lessons: tuple[str, ...]
    teaching: Span
    periods: int
    sign_in: Span
    sign_out: Span
    subgroup: str = ""


class SlotKind(StrEnum):
    OPENING = "opening"
    MIDDLE = "middle"
    CLOSING = "closing"
    CLIP = "clip"


@dataclass(frozen=True, slots=True)
class Slot:
    """One snapshot (or random clip) that a lesson owes: `period` is None where the policy counts by lesson.

    A frame belongs to the slot when it lies in `window`; `open_ends` says that the window's ends belong to its
    neighbours (RULES, reading 13: a frame at s+10:00.000 is an opening one).
    """

    id: str
    lesson: str
    period: int | None
    kind: SlotKind
    window: Span
    target: datetime
    open_ends: bool = False
    void: str = ""
    length: timedelta = timedelta(0)

    def takes(self, at: datetime) -> bool:
        if self.open_ends:
            return self.window.start < at < self.window.end
        return at in self.window


@dataclass(frozen=True, slots=True)
class RecordingSpan:
    """What one camera must record of a lesson: `taught` is what gaps are measured against, `span` adds the pre-roll.

    `span.end` belongs to the next recording: two lessons back to back are one stream, cut there.
    """

    lesson: str
    camera: str
    span: Span
    taught: Span
    by_hand: bool = False
