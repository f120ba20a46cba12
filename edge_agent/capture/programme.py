"""What this venue should be doing, of all policies together; read again whenever the database has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from edge_agent.model.camera import Camera
from edge_agent.model.lesson import ByHand, Lesson
from edge_agent.model.span import RecordingSpan, Span
from edge_agent.policies import LoadedPolicy
from edge_agent.rules.plan import Plan, Schedule, compile_schedule
from edge_agent.store.cameras import list_cameras
from edge_agent.store.database import ChangeFeed, connect, reading
from edge_agent.store.lessons import load_timetables, recordings_by_hand

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


class Programme:
    """`since` is the first day that still matters: the day on which this device was last alive."""

    def __init__(self, database: Path, load: Callable[[str], LoadedPolicy], since: date) -> None:
        self.courses: tuple[Course, ...] = ()
        self.cameras: dict[str, Camera] = {}
        self._by_hand: list[ByHand] = []
        self._load = load
        self._since = since
        self._day: date | None = None
        self._changes = ChangeFeed(database)
        self._connection = connect(database, readonly=True)

    def close(self) -> None:
        self._changes.close()
        self._connection.close()

    def refresh(self, now: datetime) -> bool:
        """Read what has changed; say whether anything may have."""
        if not self._changes.changed() and now.date() == self._day:
            return False
        self._day = now.date()
        # A lesson of yesterday may end after midnight; the next day's first one may begin in another time zone's today.
        since, until = min(self._since, self._day - 2 * _DAY), self._day + 2 * _DAY
        with reading(self._connection) as connection:
            timetables = load_timetables(connection, since=since, until=until)
            self._by_hand = recordings_by_hand(connection, now - _DAY)
            self.cameras = {camera.id: camera for camera in list_cameras(connection)}
        courses = []
        for name, timetable in timetables.items():
            loaded = self._load(name)
            courses.append(Course(compile_schedule(timetable, loaded.policy), loaded.stamp))
        self.courses = tuple(courses)
        return True

    def caught_up(self, today: date) -> None:
        """Let go of the days before: what was owed then is settled."""
        self._since = today

    def plans(self, now: datetime) -> list[tuple[Course, Plan]]:
        return [(course, course.schedule.plan(now, self._by_hand)) for course in self.courses]

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
