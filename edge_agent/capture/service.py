"""The capture service: once a second, what is wanted against what is.

It composes the parts of this package; `edge_agent.serve.capture` gives it clock, database, disk and cameras.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import Source
from edge_agent.capture import cleanup
from edge_agent.capture.archive import Archive
from edge_agent.capture.dating import Dater
from edge_agent.capture.desk import SnapshotDesk
from edge_agent.capture.fleet import Fleet, Room
from edge_agent.capture.history import read_history
from edge_agent.capture.looker import Looker
from edge_agent.capture.preflight import Preflight
from edge_agent.capture.presence import Pinger, Presence
from edge_agent.capture.programme import Programme, Wanted
from edge_agent.capture.recorder import Recorder, Recording
from edge_agent.capture.seeker import Seeker
from edge_agent.capture.sessions import Sessions
from edge_agent.capture.slots import SlotKeeper
from edge_agent.capture.watch import PictureWatch
from edge_agent.clock import Clock, StepDetector
from edge_agent.model.camera import Camera
from edge_agent.model.span import RecordingSpan, Span
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.policies import LoadedPolicy
from edge_agent.store.database import Connection, connect
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Writer

log = logging.getLogger(__name__)

Submit = Callable[[Callable[[], None]], object]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Means:
    """What the service works with. `submit` runs slow work one after another, elsewhere; `room` asks the disk."""

    clock: Clock
    writer: Writer
    files: MediaFiles
    database: Path
    source_of: Callable[[Camera, Stream], Source]
    room: Callable[[], Room]
    load_policy: Callable[[str], LoadedPolicy]
    submit: Submit
    venue: str
    segment_seconds: float
    zone: ZoneInfo

    def connect(self) -> Connection:
        return connect(self.database, readonly=True)


class Service:
    """`open_recording` is another one in tests."""

    def __init__(
        self, means: Means, open_recording: Callable[[Camera, Stream, Archive], Recording] | None = None
    ) -> None:
        self._means = means
        stamp = means.clock.stamp()
        self._connection = means.connect()
        history = read_history(self._connection, stamp)
        self.programme = Programme(means.database, means.load_policy, history.alive.date())
        self.programme.refresh(stamp.wall)
        self._dater = Dater(means.writer, self._connection, self.programme.lessons)
        self.archive = Archive(means.writer, means.files, self._lessons, self._dater.add)
        self._sessions = Sessions(means.writer, self._connection, down=history.down, stored=self.archive.settle)
        cleanup.run(means.files, self._connection, self.archive)
        self._sessions.catch_up(self.programme.owed(Span(history.alive - _DAY, stamp.wall)), stamp.wall)
        self.fleet = Fleet(lambda camera, stream: (open_recording or self._record)(camera, stream, self.archive))
        self._slots = SlotKeeper(
            means.writer,
            means.files,
            means.connect,
            means.clock,
            self._main_source,
            venue=means.venue,
            submit=means.submit,
            stored=self.archive.settle,
            since=history.alive - _DAY,
        )
        main = self._main_source
        self._desk = SnapshotDesk(
            means.writer,
            means.files,
            means.connect,
            means.clock,
            main,
            venue=means.venue,
            zone=means.zone,
            submit=means.submit,
        )
        self._looker = Looker(means.writer, self._connection, means.source_of, means.submit)
        self._preflight = Preflight(means.writer, means.clock, main, means.submit)
        self._watch = PictureWatch(means.writer, means.submit)
        self._presence = Presence(means.writer)
        self._seeker = Seeker(means.writer)
        self.pinger = Pinger(main)
        self._steps = StepDetector()
        self._untrusted_since: datetime | None = None

    def tick(self) -> None:
        """Look at everything once. A part that fails does not keep the others from their work."""
        stamp = self._means.clock.stamp()
        if self._steps.step(stamp):
            self.fleet.cut()
        failures: list[Exception] = []
        for part in (
            self._read,
            self._record_wanted,
            self._take_slots,
            self._tell_presence,
            self._look_ahead,
        ):
            try:
                part(stamp)
            except Exception as error:  # noqa: BLE001 - raised below, once the other parts had their turn
                failures.append(error)
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Stop recording and wait until everything is stored; what is open then is closed by the next start."""
        self.fleet.stop()
        self._sessions.stop(self._means.clock.stamp().wall)
        self._let_go()

    def _let_go(self) -> None:
        """What the end of a process does, too: no recording is stopped, nothing is noted."""
        self.archive.close()
        self._slots.close()
        self._desk.close()
        self.programme.close()
        self._connection.close()

    def _read(self, stamp: Stamp) -> None:
        self.programme.refresh(stamp.wall)
        dated = self._dater.tick(stamp)
        if dated is not None:
            self._sessions.look_again(self.programme.owed(dated), stamp.wall)

    def _record_wanted(self, stamp: Stamp) -> None:
        wanted = [*self.programme.wanted(stamp.wall), *self._while_untrusted(stamp)]
        by_camera: dict[str, list[str]] = defaultdict(list)
        for one in wanted:
            by_camera[one.span.camera].append(one.span.lesson)
        self.fleet.reconcile(by_camera, self.programme.cameras, stamp, self._means.room())
        self._sessions.tick(stamp.wall, wanted, self.fleet.recordings, self.fleet.refused)

    def _while_untrusted(self, stamp: Stamp) -> list[Wanted]:
        """Nobody knows what time it is, so every camera of a current class records, for no lesson in particular."""
        if stamp.trust is not Trust.UNTRUSTED:
            self._untrusted_since = None
            return []
        self._untrusted_since = self._untrusted_since or stamp.wall
        always = Span(self._untrusted_since, stamp.wall + _DAY)
        return [
            Wanted(RecordingSpan("", camera, always, always), tolerance=timedelta.max)
            for camera in sorted(self.programme.associated())
        ]

    def _take_slots(self, stamp: Stamp) -> None:
        room = self._means.room() != ""
        self._slots.tick(stamp, self.programme, self.fleet.recordings, room=room)
        self._desk.tick(self.programme, self.fleet.recordings)

    def _tell_presence(self, stamp: Stamp) -> None:
        cameras, recordings = self.programme.cameras.values(), self.fleet.recordings
        self.pinger.watch(camera for camera in cameras if camera.id not in recordings)
        self._presence.tick(stamp, cameras, recordings, self.pinger.answered)
        self._seeker.tick(stamp, cameras, self._presence.states)
        lessons = {wanted.span.camera: wanted.span.lesson for wanted in self._sessions.running}
        self._watch.tick(stamp, recordings, lambda camera: lessons.get(camera, ""))

    def _look_ahead(self, stamp: Stamp) -> None:
        self._looker.tick(self.programme.cameras)
        self._preflight.tick(stamp, self.programme, self.fleet.recordings)

    def _lessons(self, camera: str, shown: Span) -> tuple[str, ...]:
        """What was being recorded knows best; what a crash left is told by the plan."""
        return self._sessions.lessons(camera, shown) or self.programme.lessons(camera, shown)

    def _main_source(self, camera: Camera) -> Source:
        return self._means.source_of(camera, "main")

    def _record(self, camera: Camera, stream: Stream, archive: Archive) -> Recording:
        source = self._means.source_of(camera, stream)
        return Recorder(
            camera,
            stream,
            source=source,
            clock=self._means.clock,
            archive=archive,
            length=self._means.segment_seconds,
        )
