"""Snapshots and random clips that a lesson owes: RULES, reading 13.

Targets are jittered, and clips placed, by the digest of the slot's id: the same on every device and after every
restart, and not to be guessed from the timetable's figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from edge_agent.model.lesson import Lesson
from edge_agent.model.span import Period, Slot, SlotKind, Span
from edge_agent.rules.policy import Policy
from edge_agent.rules.windows import lesson_times, periods

SETTLED = timedelta(seconds=150)
"""After its window a slot's frames are stored, if there are any: then it is judged."""
_TOLD = timedelta(seconds=30)
"""So long the judgement may take to be on the record; without one after that, nobody judges: the recorder is down."""


class Fate(StrEnum):
    """What became of a slot; `DUE` until its window has closed, `JUDGING` until somebody has looked what there is."""

    TAKEN = "taken"
    MISSED = "missed"
    VOID = "void"
    DUE = "due"
    JUDGING = "judging"


def fate(slot: Slot, noted: str, now: datetime) -> Fate:
    """Say what became of a slot; `noted` is what is on the record: taken, missed, void, or nothing yet."""
    if slot.void:
        return Fate.VOID
    if noted:
        return Fate(noted)
    if now <= slot.window.end:
        return Fate.DUE
    return Fate.JUDGING if now <= slot.window.end + SETTLED + _TOLD else Fate.MISSED


def slots(lesson: Lesson, policy: Policy) -> tuple[Slot, ...]:
    """Give the lesson's slots in order of their windows; those of periods that were not held are void."""
    return tuple(sorted([*_pictures(lesson, policy), *_clips(lesson, policy)], key=lambda slot: slot.window))


def retry_interval(slot: Slot, policy: Policy) -> timedelta:
    """How long to wait after a failed attempt."""
    return min(policy.snapshots.retry, slot.window.length / policy.snapshots.retry_share)


def _pictures(lesson: Lesson, policy: Policy) -> Iterator[Slot]:
    if policy.snapshots.per == "lesson":
        times = lesson_times(lesson, policy)
        owed = [Period(lesson.id, 0, Span(times.start, times.owed_end), held=not lesson.cancelled)]
    else:
        owed = list(periods(lesson, policy))
    for period in owed:
        void = _cancelled(lesson) or ("" if period.held else "ended_early")
        for kind, window, target in _windows(period.span, policy):
            where = f"{lesson.id}/p{period.number}" if period.number else lesson.id
            name = f"{where}/{kind}"
            jittered = target + policy.snapshots.jitter * (2 * _fraction(name) - 1)
            yield Slot(
                id=name,
                lesson=lesson.id,
                period=period.number or None,
                kind=kind,
                window=window,
                # a lesson that ended within minutes has windows shorter than the policy's
                target=min(max(jittered, window.start), window.end),
                open_ends=kind is SlotKind.MIDDLE,
                void=void,
            )


def _windows(owed: Span, policy: Policy) -> Iterator[tuple[SlotKind, Span, datetime]]:
    """Give each kind's window and target; a whole lesson has no middle."""
    rule = policy.snapshots
    opening = Span(owed.start, min(owed.start + rule.opening, owed.end))
    closing = Span(max(owed.end - rule.closing, owed.start), owed.end)
    yield SlotKind.OPENING, opening, owed.start + rule.opening_target
    if rule.per == "period":
        yield SlotKind.MIDDLE, Span(opening.end, closing.start), opening.end + (closing.start - opening.end) / 2
    yield SlotKind.CLOSING, closing, owed.end - rule.closing_target


def _clips(lesson: Lesson, policy: Policy) -> Iterator[Slot]:
    times = lesson_times(lesson, policy)
    count = policy.clips.count
    part = (times.owed_end - times.start) / count if count else timedelta(0)
    length = min(policy.clips.length, part)
    for number in range(1, count + 1):
        name = f"{lesson.id}/clip{number}"
        start = times.start + part * (number - 1) + (part - length) * _fraction(name)
        yield Slot(
            id=name,
            lesson=lesson.id,
            period=None,
            kind=SlotKind.CLIP,
            window=Span(start, start + length),
            target=start,
            void=_cancelled(lesson),
            length=length,
        )


def _cancelled(lesson: Lesson) -> str:
    return (lesson.cancel_reason or "cancelled") if lesson.cancelled else ""


def _fraction(name: str) -> float:
    """Give a number in [0, 1) that belongs to `name`."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / (1 << 48)
