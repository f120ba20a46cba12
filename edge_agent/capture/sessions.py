"""Which camera records which lesson, since when, and what is missing: the facts that say so.

Gaps come from two sides. While a lesson runs, a camera that does not record opens one, so that a page can say it now.
Once it is over, and at every start, what is stored is compared with what was expected, and whatever the running
service did not notice (it was dead, say) is noted with its cause.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from edge_agent.capture.causes import Cause
from edge_agent.capture.programme import Wanted
from edge_agent.capture.recorder import Recording
from edge_agent.capture.tape import Hole
from edge_agent.model.kinds.capture import GapClosed, GapOpened, RecordingStarted, RecordingStopped
from edge_agent.model.media import MediaKind
from edge_agent.model.span import Span
from edge_agent.rules.gaps import UNKNOWN, gaps
from edge_agent.rules.gaps import Cause as Reason
from edge_agent.store import gaps as gap_rows
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction, Writer

Trigger = Literal["plan", "hand", "untrusted_clock", "association", "restart", "return"]
Key = tuple[str, str]
Job = Callable[[Transaction], object]

LATE = timedelta(seconds=5)  # a recording that is wanted so long after its start was not wanted at its start
RECENT = 256  # sessions that are over and whose last segment may not be stored yet
SETTLED = timedelta(seconds=90)  # after a lesson's end its last segment is stored


@dataclass(slots=True)
class _Session:
    """`hole` is since when nothing is recorded; `gap` is the open gap's start and cause, as noted."""

    wanted: Wanted
    trigger: Trigger
    hole: datetime
    cause: Cause
    started: bool = False
    gap: tuple[datetime, str] | None = None


class Sessions:
    """`down` is why this service was not there before; `stored` says whether rows tell all that was recorded."""

    def __init__(self, writer: Writer, connection: Connection, *, down: Cause, stored: Callable[[], bool]) -> None:
        self._writer = writer
        self._connection = connection
        self._stored = stored
        self._first = True
        self._recent: deque[tuple[Key, Span]] = deque(maxlen=RECENT)
        self._down = down
        self._sessions: dict[Key, _Session] = {}
        self._to_check: list[tuple[datetime, Wanted]] = []

    @property
    def running(self) -> tuple[Wanted, ...]:
        return tuple(session.wanted for session in self._sessions.values())

    def tick(self, now: datetime, wanted: Iterable[Wanted], recordings: Mapping[str, Recording]) -> None:
        """Compare what should be recorded with what is, and note what changed."""
        current = {one.key: one for one in wanted}
        jobs: list[Job] = []
        for key in [key for key in self._sessions if key not in current]:
            jobs += self._finish(self._sessions.pop(key), now)
        holes = {camera: recording.take_holes() for camera, recording in recordings.items()}
        for key, one in current.items():
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = self._begin(one, now, jobs)
            session.wanted = one
            recording = recordings.get(one.span.camera)
            jobs += self._note_holes(session, holes.get(one.span.camera, ()))
            if recording is not None and recording.since is not None:
                jobs += self._note_recording(session, recording.since, recording.stream)
            else:
                jobs += self._note_silence(session, recording, now)
        jobs += self._check_settled(now)
        self._first = False
        self._write(jobs)

    def lessons(self, camera: str, shown: Span) -> tuple[str, ...]:
        """Give the lessons for which a camera recorded this piece, the longest first; ended ones too."""
        running = [(key, session.wanted.span.span) for key, session in list(self._sessions.items())]
        shares = {
            lesson: min(span.end, shown.end) - max(span.start, shown.start)
            for (lesson, owner), span in [*self._recent, *running]
            if owner == camera and lesson and span.overlaps(shown)
        }
        return tuple(sorted(shares, key=lambda lesson: shares[lesson], reverse=True))

    def stop(self, now: datetime) -> None:
        """The service ends: what it recorded ends; gaps stay open and are closed by the next start."""
        started = [session.wanted for session in self._sessions.values() if session.started]
        for wanted in started:
            self._remember(wanted, now)
        self._sessions.clear()
        self._write([_stopped(wanted, now, Cause.STOPPED) for wanted in started])

    def catch_up(self, owed: Iterable[Wanted], now: datetime) -> None:
        """At the start: note what lessons that are over miss, while this device or this service was down."""
        jobs: list[Job] = []
        for one in owed:
            if one.span.span.end <= now:
                jobs += self._missing(one, self._down)
        self._write(jobs)

    def _begin(self, wanted: Wanted, now: datetime, jobs: list[Job]) -> _Session:
        late = now - wanted.span.span.start > LATE
        restarted = late and self._first
        trigger: Trigger = "plan"
        if wanted.span.by_hand:
            trigger = "hand"
        elif not wanted.span.lesson:
            trigger = "untrusted_clock"
        elif restarted:
            trigger = "restart"
        elif late:
            trigger = "association"
        session = _Session(wanted, trigger, wanted.span.span.start, Cause.CONNECTING)
        session.hole = session.wanted.expected.start
        if late and not wanted.span.by_hand:
            session.cause = self._down if restarted else Cause.STARTED_LATE
        for gap in gap_rows.of_lesson(self._connection, wanted.span.lesson):
            if gap.camera == wanted.span.camera and gap.end is None:
                session.gap = (gap.start, gap.cause)
                session.hole = gap.start
        if restarted and session.gap is None:
            session.hole = self._last_recorded(session.wanted.expected, wanted.span.camera, now)
            jobs += self._missing(wanted, self._down, until=session.hole)
        return session

    def _last_recorded(self, expected: Span, camera: str, now: datetime) -> datetime:
        rows = media_rows.of_camera(self._connection, camera, MediaKind.RECORDING, expected.start, now)
        return max((row.end for row in rows), default=expected.start)

    def _note_recording(self, session: _Session, since: datetime, stream: Literal["main", "sub"]) -> list[Job]:
        jobs: list[Job] = []
        span = session.wanted.span
        if session.gap is not None or not session.started:
            jobs += self._close_gap(session, since)
        if not session.started:
            session.started = True
            at = max(since, span.span.start)
            fact = RecordingStarted(
                lesson=span.lesson,
                camera=span.camera,
                at=at,
                trigger=session.trigger,
                stream=stream,
                late_by=max(0.0, round((at - span.taught.start).total_seconds(), 3)),
            )
            jobs.append(lambda tx: tx.append(fact))
        return jobs

    def _note_holes(self, session: _Session, holes: Sequence[Hole]) -> list[Job]:
        """Holes that opened and ended between two looks."""
        jobs: list[Job] = []
        for hole in holes:
            if session.gap is None and session.started:
                session.hole, session.cause = max(hole.start, session.wanted.expected.start), hole.cause
            jobs += self._close_gap(session, hole.end)
        return jobs

    def _note_silence(self, session: _Session, recording: Recording | None, now: datetime) -> list[Job]:
        if recording is not None and recording.lost is not None and session.gap is None and session.started:
            session.hole = max(recording.lost[0], session.wanted.expected.start)
            session.cause = recording.lost[1]
        elif recording is not None and recording.cause is not None and session.cause is Cause.CONNECTING:
            session.cause = recording.cause
        if session.gap is not None or min(now, session.wanted.expected.end) - session.hole <= session.wanted.tolerance:
            return []
        if not session.started and session.trigger == "plan":
            session.trigger = "return"
        return self._open_gap(session)

    def _open_gap(self, session: _Session) -> list[Job]:
        span = session.wanted.span
        session.gap = (session.hole, session.cause.value)
        fact = GapOpened(camera=span.camera, lesson=span.lesson, start=session.hole, cause=session.cause.value)
        return [lambda tx: gap_rows.open_gap(tx, fact)]

    def _close_gap(self, session: _Session, end: datetime) -> list[Job]:
        """Note the gap that ends at `end`, whether it was seen open or is only noticed now."""
        end = min(end, session.wanted.expected.end)
        start, cause = session.gap or (session.hole, session.cause.value)
        noted, session.gap = session.gap is not None, None
        session.hole, session.cause = max(end, session.wanted.expected.start), Cause.CONNECTING
        if end <= start or (not noted and end - start <= session.wanted.tolerance):
            return []
        span = session.wanted.span
        fact = GapClosed(camera=span.camera, lesson=span.lesson, start=start, end=end, cause=cause)
        return [lambda tx: gap_rows.close_gap(tx, fact)]

    def _finish(self, session: _Session, now: datetime) -> list[Job]:
        jobs: list[Job] = []
        if session.gap is not None:
            jobs += self._close_gap(session, now)
        if session.started:
            end = session.wanted.span.span.end
            jobs.append(_stopped(session.wanted, min(now, end), Cause.ENDED if now >= end else Cause.WITHDRAWN))
        self._remember(session.wanted, now)
        self._to_check.append((now + SETTLED, session.wanted))
        return jobs

    def _remember(self, wanted: Wanted, now: datetime) -> None:
        span = wanted.span.span
        self._recent.append((wanted.key, Span(span.start, max(span.start, min(span.end, now)))))

    def _check_settled(self, now: datetime) -> list[Job]:
        due = [wanted for at, wanted in self._to_check if at <= now]
        if not due or not self._stored():
            return []
        self._to_check = [(at, wanted) for at, wanted in self._to_check if at > now]
        return [job for wanted in due for job in self._missing(wanted, None)]

    def _missing(self, wanted: Wanted, down: Cause | None, *, until: datetime | None = None) -> list[Job]:
        """Note what neither a segment nor a noted gap covers; `down` is why nobody noticed.

        `until` is given while the lesson still runs: a gap that is open then stays open.
        """
        lesson, camera = wanted.span.lesson, wanted.span.camera
        expected = Span(wanted.expected.start, wanted.expected.end if until is None else until)
        if not lesson or expected.end <= expected.start:
            return []
        rows = media_rows.of_camera(self._connection, camera, MediaKind.RECORDING, expected.start, expected.end)
        recorded = [Span(row.start, row.end) for row in rows]
        known, closed = [], []
        for gap in gap_rows.of_lesson(self._connection, lesson):
            if gap.camera == camera:
                end = gap.end or min((one.start for one in recorded if one.start > gap.start), default=expected.end)
                known.append(Span(gap.start, end))
                if gap.end is None and until is None:
                    closed.append(GapClosed(camera=camera, lesson=lesson, start=gap.start, end=end, cause=gap.cause))
        code = down.value if down else UNKNOWN
        for hole in gaps(expected, recorded + known, (Reason(expected, code),), tolerance=wanted.tolerance):
            span = hole.span
            closed.append(GapClosed(camera=camera, lesson=lesson, start=span.start, end=span.end, cause=hole.cause))
        return [partial(gap_rows.close_gap, gap=gap) for gap in closed]

    def _write(self, jobs: list[Job]) -> None:
        if jobs:
            self._writer.run(lambda tx: [job(tx) for job in jobs])


def _stopped(wanted: Wanted, at: datetime, cause: Cause) -> Job:
    fact = RecordingStopped(lesson=wanted.span.lesson, camera=wanted.span.camera, at=at, cause=cause.value)
    return lambda tx: tx.append(fact)
