"""What should happen now, from the timetable alone: every service compares this with what is, every second.

`plan` is a pure function of timetable, policy, recordings by hand and `now`. The part that doesn't depend on `now` is
compiled once into a `Schedule`; a venue of 1200 lessons then costs some tens of microseconds a tick.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from edge_agent.model.lesson import ByHand, Lesson, Timetable
from edge_agent.model.span import AttendanceUnit, RecordingSpan, Slot, Span
from edge_agent.rules.policy import Policy
from edge_agent.rules.slots import slots
from edge_agent.rules.timeline import Timeline
from edge_agent.rules.windows import attendance_units, lesson_times

Taken = tuple[tuple[str, Span], ...]
"""Cameras, each with a time at which a lesson is taught in front of it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted at `at`; cancelled lessons and void slots want nothing.

    `recordings` run now, `current` lessons are being taught, `upcoming` has the next lesson of each room, `units` are
    between the opening of their sign-in and the closing of their sign-out, `slots` have their windows open.
    """

    at: datetime
    recordings: tuple[RecordingSpan, ...]
    current: tuple[Lesson, ...]
    upcoming: tuple[Lesson, ...]
    units: tuple[AttendanceUnit, ...]
    slots: tuple[Slot, ...]
    next_change: datetime | None

    @property
    def tapping(self) -> tuple[AttendanceUnit, ...]:
        """The units that can be signed in to or out of now."""
        return tuple(unit for unit in self.units if self.at in unit.sign_in or self.at in unit.sign_out)

    @property
    def due(self) -> tuple[Slot, ...]:
        """The slots whose target has come, and which can still be taken."""
        return tuple(slot for slot in self.slots if slot.target <= self.at and slot.takes(self.at))


class Schedule:
    """A timetable under one policy. Lessons of classes under another policy belong into another schedule; `taken` says
    when they are in front of a camera that both have.
    """

    def __init__(self, timetable: Timetable, policy: Policy, taken: Taken = ()) -> None:
        self.timetable = timetable
        self.policy = policy
        self.lessons = {lesson.id: lesson for lesson in timetable.lessons}
        held = [(lesson_times(lesson, policy).taught, lesson) for lesson in timetable.lessons if not lesson.cancelled]
        self.recordings = tuple(_recordings(held, timetable, policy, taken))
        self.slots = {lesson.id: slots(lesson, policy) for lesson in timetable.lessons}
        self._units = _units_by_group(timetable.lessons, policy)
        # two subgroups see the same unit where the whole class is taught
        every = {unit for own in self._units.values() for unit in own}
        self.all_units = sorted(every, key=lambda unit: (unit.teaching.start, unit.class_id, unit.id, unit.subgroup))

        self._taught = Timeline(held)
        self._by_room = {
            room: Timeline(each for each in held if each[1].room == room)
            for room in sorted({lesson.room for _, lesson in held})
        }
        self._recordings = Timeline((recording.span, recording) for recording in self.recordings)
        self._at_hand = Timeline((Span(unit.sign_in.start, unit.sign_out.end), unit) for unit in self.all_units)
        self._slots = Timeline((slot.window, slot) for own in self.slots.values() for slot in own if not slot.void)
        self._changes = sorted(self._moments(held))

    def _moments(self, held: Iterable[tuple[Span, Lesson]]) -> Iterable[datetime]:
        """Give every moment at which a plan becomes another."""
        spans = [span for span, _ in held]
        spans += [recording.span for recording in self.recordings]
        spans += [span for unit in self.all_units for span in (unit.sign_in, unit.sign_out)]
        wanted = [slot for own in self.slots.values() for slot in own if not slot.void]
        spans += [slot.window for slot in wanted]
        return {slot.target for slot in wanted}.union(*((span.start, span.end) for span in spans))

    def units(self, class_id: str, subgroup: str = "") -> tuple[AttendanceUnit, ...]:
        """Give all units of a trainee of this class and subgroup, in order: what `attendance.judge` takes."""
        return self._units.get((class_id, subgroup)) or self._units.get((class_id, ""), ())

    def slots_within(self, span: Span) -> tuple[Slot, ...]:
        """Give the slots whose windows share a moment with `span`: late ones can still be drawn from a recording."""
        return tuple(self._slots.within(span))

    def recordings_within(self, span: Span) -> tuple[RecordingSpan, ...]:
        return tuple(self._recordings.within(span))

    def plan(self, now: datetime, by_hand: Sequence[ByHand] = ()) -> Plan:
        """Give what is wanted at `now`, in any time zone."""
        now = now.astimezone(self.policy.zone)
        hand = list(self._hand_recordings(by_hand))
        changes = [moment for each in hand for moment in (each.span.start, each.span.end) if moment > now]
        position = bisect_right(self._changes, now)
        if position < len(self._changes):
            changes.append(self._changes[position])
        return Plan(
            at=now,
            recordings=_running([*self._recordings.at(now), *hand], now),
            current=tuple(lesson for lesson in self._taught.at(now) if now < lesson_times(lesson, self.policy).end),
            upcoming=tuple(
                sorted(
                    (lesson for timeline in self._by_room.values() if (lesson := timeline.after(now)) is not None),
                    key=lambda lesson: (lesson.date, lesson.start, lesson.id),
                )
            ),
            units=tuple(self._at_hand.at(now)),
            slots=tuple(slot for slot in self._slots.at(now) if slot.takes(now)),
            next_change=min(changes, default=None),
        )

    def _hand_recordings(self, by_hand: Iterable[ByHand]) -> Iterator[RecordingSpan]:
        for each in by_hand:
            if (lesson := self.lessons.get(each.lesson)) is not None:
                start = max(each.start, by_hand_opens(lesson, self.policy))
                taught = lesson_times(lesson, self.policy).taught
                yield RecordingSpan(each.lesson, each.camera, Span(start, each.end), taught, by_hand=True)


@lru_cache(maxsize=16)
def compile_schedule(timetable: Timetable, policy: Policy, taken: Taken = ()) -> Schedule:
    """Give the schedule of this very timetable object; it is compiled when it is first asked for."""
    return Schedule(timetable, policy, taken)


def teaching(timetable: Timetable, policy: Policy) -> Taken:
    """Give when each camera is in a lesson: what the schedules of other policies must not reach into."""
    return tuple(
        (camera, lesson_times(lesson, policy).taught)
        for lesson in timetable.lessons
        if not lesson.cancelled
        for camera in timetable.cameras(lesson)
    )


def plan(timetable: Timetable, policy: Policy, now: datetime, by_hand: Sequence[ByHand] = ()) -> Plan:
    """Give what is wanted at `now`."""
    return compile_schedule(timetable, policy).plan(now, by_hand)


def by_hand_opens(lesson: Lesson, policy: Policy) -> datetime:
    """The earliest moment at which a recording by hand may start."""
    return lesson_times(lesson, policy).start - policy.recording.by_hand_lead


def _recordings(
    held: Iterable[tuple[Span, Lesson]], timetable: Timetable, policy: Policy, taken: Taken
) -> Iterator[RecordingSpan]:
    """Give each camera's recordings; a pre-roll never reaches into another lesson of its camera (RULES, reading 9)."""
    by_camera: dict[str, list[tuple[Span, Lesson | None]]] = defaultdict(list)
    for taught, lesson in held:
        for camera in timetable.cameras(lesson):
            by_camera[camera].append((taught, lesson))
    own = list(by_camera)
    for camera, taught in taken:
        by_camera[camera].append((taught, None))
    for camera in sorted(own):
        busy_until: datetime | None = None
        for taught, each in sorted(by_camera[camera], key=lambda one: one[0]):
            start = taught.start - policy.recording.pre_roll
            if busy_until is not None:
                start = min(max(start, busy_until), taught.start)
            if each is not None:
                yield RecordingSpan(each.id, camera, Span(start, taught.end), taught)
            busy_until = max(taught.end, busy_until or taught.end)


def _units_by_group(lessons: Iterable[Lesson], policy: Policy) -> dict[tuple[str, str], tuple[AttendanceUnit, ...]]:
    """Give the units by class and subgroup."""
    by_class: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        by_class[lesson.class_id].append(lesson)
    return {
        (class_id, subgroup): attendance_units(own, policy, subgroup)
        for class_id, own in by_class.items()
        for subgroup in {"", *(lesson.subgroup for lesson in own)}
    }


def _running(recordings: Iterable[RecordingSpan], now: datetime) -> tuple[RecordingSpan, ...]:
    """Give those that run at `now`: one for each lesson and camera, whoever asked for it and for how long."""
    running: dict[tuple[str, str], RecordingSpan] = {}
    for each in recordings:
        if not each.span.start <= now < each.span.end:
            continue
        first = running.setdefault((each.lesson, each.camera), each)
        both = Span(min(first.span.start, each.span.start), max(first.span.end, each.span.end))
        running[each.lesson, each.camera] = replace(first, span=both)
    return tuple(running.values())
