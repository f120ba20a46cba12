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

from edge_agent.capture.books import Books
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Hole, Status
from edge_agent.capture.programme import Wanted
from edge_agent.capture.recorder import Recording
from edge_agent.errors import StorageError
from edge_agent.model.kinds.capture import GapClosed, GapOpened, RecordingStarted, RecordingStopped
from edge_agent.model.span import Span
from edge_agent.store import gaps as gap_rows
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
    """`hole` is up to when video was seen, or since when it is missing; `gap` is the open gap's start and cause."""

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
        self._books = Books(connection)
        self._stored = stored
        self._first = True
        self._recent: deque[tuple[Key, Span]] = deque(maxlen=RECENT)
        self._down = down
        self._sessions: dict[Key, _Session] = {}
        self._to_check: list[tuple[datetime, Wanted]] = []
        self._unwritten: list[Job] = []

    @property
    def running(self) -> tuple[Wanted, ...]:
        return tuple(session.wanted for session in self._sessions.values())

    def tick(
        self,
        now: datetime,
        wanted: Iterable[Wanted],
        recordings: Mapping[str, Recording],
        refused: Mapping[str, Cause],
    ) -> None:
        """Compare what should be recorded with what is, and note what changed.

        `refused` is why a camera has no recording.
        """
        current = {one.key: one for one in wanted}
        jobs: list[Job] = []
        for key in [key for key in self._sessions if key not in current]:
            jobs += self._finish(self._sessions.pop(key), now)
        looks = {camera: recording.look() for camera, recording in recordings.items()}
        for key, one in current.items():
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = self._begin(one, now, jobs)
            session.wanted = one
            recording = recordings.get(one.span.camera)
            look = looks.get(one.span.camera, Status())
            jobs += self._note_holes(session, look.holes)
            if recording is not None and look.since is not None:
                jobs += self._note_recording(session, look.since, recording.stream, now)
            else:
                cause = recording.cause if recording else refused.get(one.span.camera)
                jobs += self._note_silence(session, look.lost, cause, now)
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
        for one in owed:
            if one.span.span.end <= now:
                self._unwritten += _closing(self._books.missing(one, self._down))

    def look_again(self, owed: Iterable[Wanted], now: datetime) -> None:
        """Compare soon what lessons that are over miss: what was recorded of them has become known."""
        known = {wanted.key for _, wanted in self._to_check}
        self._to_check += [(now + SETTLED, one) for one in owed if one.span.span.end <= now and one.key not in known]

    def _begin(self, wanted: Wanted, now: datetime, jobs: list[Job]) -> _Session:
        """Begin a lesson on a camera, or go on with what an earlier life, or an earlier wish, has begun.

        What is stored tells which; the time alone does not, for a service may be killed in a lesson's first second.
        """
        span, expected = wanted.span, wanted.expected
        recorded = self._books.recorded(span.camera, span.span) if span.lesson else []
        late = now - span.span.start > LATE
        restarted = self._first and (late or bool(recorded))
        session = _Session(wanted, _trigger(wanted, late=late, restarted=restarted), expected.start, Cause.CONNECTING)
        if restarted and (recorded or not span.by_hand):
            session.cause = self._down
        elif late and not span.by_hand:
            session.cause = Cause.STARTED_LATE
        accounted = [one.end for key, one in self._recent if key == wanted.key]
        session.hole = max([expected.start, *(one.end for one in recorded), *accounted])
        if recorded and self._stored():
            jobs += _closing(self._books.missing(wanted, self._down if restarted else None, until=session.hole))
        for gap in self._books.noted(wanted):
            if gap.end is None and not any(one.start > gap.start for one in recorded):
                session.gap = (gap.start, gap.cause)
                session.hole = gap.start
        return session

    def _note_recording(
        self, session: _Session, since: datetime, stream: Literal["main", "sub"], now: datetime
    ) -> list[Job]:
        jobs: list[Job] = []
        span = session.wanted.span
        if session.gap is not None or since > session.hole:
            self._look_up(session, since)
            jobs += self._close_gap(session, since)
        session.hole, session.cause = max(session.hole, now), Cause.CONNECTING
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

    def _note_silence(
        self, session: _Session, lost: tuple[datetime, Cause] | None, cause: Cause | None, now: datetime
    ) -> list[Job]:
        if session.gap is not None:
            if cause is not None and session.gap[1] == Cause.CONNECTING.value:
                session.cause = cause  # a dead host takes seconds to show
                return self._open_gap(session, session.gap[0])
            return []
        if lost is not None and session.started:
            session.hole, session.cause = max(lost[0], session.wanted.expected.start), lost[1]
        elif cause is not None and session.cause is Cause.CONNECTING:
            session.cause = cause
        end = min(now, session.wanted.expected.end)
        if lost is None and end - session.hole > session.wanted.tolerance:
            self._look_up(session, end)
        if end - session.hole <= session.wanted.tolerance:
            return []
        if not session.started and session.trigger == "plan":
            session.trigger = "return"
        return self._open_gap(session, session.hole)

    def _look_up(self, session: _Session, before: datetime) -> None:
        """Ask what is stored how far the video went: after another address, say, nobody lives who could tell."""
        if session.started and session.gap is None and self._stored():
            span = session.wanted.span
            ends = (one.end for one in self._books.recorded(span.camera, Span(session.hole, before)))
            session.hole = min(before, max(ends, default=session.hole))

    def _open_gap(self, session: _Session, start: datetime) -> list[Job]:
        """Note a gap that lasts; once more where its cause becomes known later."""
        span = session.wanted.span
        session.gap = (start, session.cause.value)
        fact = GapOpened(camera=span.camera, lesson=span.lesson, start=start, cause=session.cause.value)
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
        return [job for wanted in due for job in _closing(self._books.missing(wanted, None))]

    def _write(self, jobs: list[Job]) -> None:
        """What a full disk refuses waits for the next tick: what was noted once is not noticed again."""
        if jobs := [*self._unwritten, *jobs]:
            self._unwritten = []
            try:
                self._writer.run(lambda tx: [job(tx) for job in jobs])
            except StorageError:
                self._unwritten = jobs
                raise


def _trigger(wanted: Wanted, *, late: bool, restarted: bool) -> Trigger:
    if wanted.span.by_hand:
        return "hand"
    if not wanted.span.lesson:
        return "untrusted_clock"
    if restarted:
        return "restart"
    return "association" if late else "plan"


def _closing(gaps: Iterable[GapClosed]) -> list[Job]:
    return [partial(gap_rows.close_gap, gap=gap) for gap in gaps]


def _stopped(wanted: Wanted, at: datetime, cause: Cause) -> Job:
    fact = RecordingStopped(lesson=wanted.span.lesson, camera=wanted.span.camera, at=at, cause=cause.value)
    return lambda tx: tx.append(fact)
