"""What this venue should be doing, of all policies together; read again whenever the database has changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.model.camera import Camera
from edge_agent.model.lesson import ByHand, Lesson
from edge_agent.model.span import RecordingSpan, Span
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.plan import Plan, Schedule, Taken, compile_schedule, teaching
from edge_agent.store.cameras import list_cameras
from edge_agent.store.database import ChangeFeed, connect, reading
from edge_agent.store.facts import kinds_after, newest
from edge_agent.store.lessons import load_timetables, recordings_by_hand

log = logging.getLogger(__name__)

_CAMERAS = ("camera.bound", "camera.unbound", "camera.changed", "camera.associated")
PLANNING = ("class.", "lesson.", "timetable.", "edit.", "recording.requested", *_CAMERAS)
"""The kinds of facts after which another plan may hold."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Course:
    """The lessons that one policy judges; `stamp` is how facts name it."""

    schedule: Schedule
    stamp: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lesson that a camera records now; what is missing for `tolerance` or less is no gap."""

    span: RecordingSpan
    tolerance: timedelta

    @property
    def key(self) -> tuple[str, str]:
        return self.span.lesson, self.span.camera

    @property
    def expected(self) -> Span:
        """What gaps are measured against: the teaching, or the part of it that was asked for by hand."""
        span, taught = self.span.span, self.span.taught
        start = max(span.start, taught.start)
        return Span(start, max(start, min(span.end, taught.end)))


def _others(taught: Sequence[Taken], number: int) -> Taken:
    """Give the teaching of all courses but one."""
    return tuple(each for place, taken in enumerate(taught) if place != number for each in taken)


class Programme:
    """`since` is the day on which this device was last alive: what was owed from then on still matters today."""

    def __init__(self, database: Path, load: Callable[[str], LoadedPolicy], since: date) -> None:
        self.courses: tuple[Course, ...] = ()
        self.cameras: dict[str, Camera] = {}
        self._by_hand: list[ByHand] = []
        self._load = load
        self._since: date | None = since
        self._day: date | None = None
        self._planned: tuple[datetime, list[tuple[Course, Plan]]] | None = None
        self._changes = ChangeFeed(database)
        self._connection = connect(database, readonly=True)
        self._seen = newest(self._connection)

    def close(self) -> None:
        self._changes.close()
        self._connection.close()

    def refresh(self, now: datetime) -> None:
        """Read what has changed: a fact says so. Most commits are of our own facts, and change no plan."""
        day, changed = now.date(), self._changes.changed()
        if changed or day != self._day:
            kinds, self._seen = kinds_after(self._connection, self._seen)
            changed = any(kind.startswith(PLANNING) for kind in kinds)
        if changed or day != self._day:
            self._since = None if self._day else self._since
            self._day = day
            self._read(now, day)

    def _read(self, now: datetime, day: date) -> None:
        # A lesson of yesterday may end after midnight, and "today" is another day in another time zone.
        since = min(self._since or day, day - 2 * _DAY)
        with reading(self._connection) as connection:
            timetables = load_timetables(connection, since=since, until=day + 2 * _DAY)
            self._by_hand = recordings_by_hand(connection, now - _DAY)
            self.cameras = {camera.id: camera for camera in list_cameras(connection)}
        judged = []
        for name, timetable in timetables.items():
            try:
                judged.append((timetable, self._load(name)))
            except EdgeAgentError as error:  # the other classes' lessons are recorded all the same
                log.error("Lessons under the policy %s are not recorded: %s", name, error)  # noqa: TRY400 - its text says it all
        taught = [teaching(timetable, loaded.policy) for timetable, loaded in judged]
        self.courses = tuple(
            Course(compile_schedule(timetable, loaded.policy, _others(taught, number)), loaded.stamp)
            for number, (timetable, loaded) in enumerate(judged)
        )
        self._planned = None

    def plans(self, now: datetime) -> list[tuple[Course, Plan]]:
        if self._planned is None or self._planned[0] != now:
            plans = [(course, course.schedule.plan(now, self._by_hand)) for course in self.courses]
            self._planned = (now, plans)
        return self._planned[1]

    def wanted(self, now: datetime) -> list[Wanted]:
        """Give what runs now, for cameras that are bound."""
        return [
            Wanted(span, course.schedule.policy.recording.gap_tolerance)
            for course, plan in self.plans(now)
            for span in plan.recordings
            if span.camera in self.cameras
        ]

    def owed(self, within: Span) -> list[Wanted]:
        """Give the recordings that were planned within a span, running or past."""
        return [
            Wanted(span, course.schedule.policy.recording.gap_tolerance)
            for course in self.courses
            for span in course.schedule.recordings_within(within)
        ]

    def lessons(self, camera: str, shown: Span) -> tuple[str, ...]:
        """Give the lessons that a piece of a camera's video shows, the longest first."""
        shares: dict[str, timedelta] = {}
        for one in self.owed(shown):
            if one.span.camera == camera:
                span = one.span.span
                shares[one.span.lesson] = min(span.end, shown.end) - max(span.start, shown.start)
        for hand in self._by_hand:
            if hand.camera == camera and Span(hand.start, hand.end).overlaps(shown):
                shares.setdefault(hand.lesson, timedelta(0))
        return tuple(sorted(shares, key=lambda lesson: shares[lesson], reverse=True))

    def cameras_of(self, lesson: Lesson) -> tuple[str, ...]:
        """Give a lesson's cameras that are bound."""
        for course in self.courses:
            if lesson.id in course.schedule.lessons:
                return tuple(one for one in course.schedule.timetable.cameras(lesson) if one in self.cameras)
        return ()

    def associated(self) -> frozenset[str]:
        """Give every camera of a current class: what records while nobody knows the time."""
        return frozenset(
            camera
            for course in self.courses
            for lesson in course.schedule.lessons.values()
            if not lesson.cancelled
            for camera in course.schedule.timetable.cameras(lesson)
            if camera in self.cameras
        )
