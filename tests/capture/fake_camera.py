"""A camera of a venue whose time the test moves: it implements `Recording` as the service uses it.

It writes no video: each segment is a small file, so that rows, facts and gaps come about as with a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from edge_agent.cameras.child import Stream
from edge_agent.capture.archive import Archive
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Continuity, Status
from edge_agent.capture.keyframe import Picture
from edge_agent.capture.reader import Shape
from edge_agent.capture.tape import Recorded
from edge_agent.clock import SettableClock
from edge_agent.model.camera import Camera

GOP = 2.0  # seconds between keyframes
SEGMENT = 300.0
STEP = timedelta(seconds=0.5)


def stripes() -> Picture:
    return np.repeat(np.tile(np.arange(48, dtype=np.uint8) * 5, (27, 1))[:, :, None], 3, axis=2)


@dataclass
class Lens:
    """What a camera would show at a moment, and when it is broken; shared by all recordings of that camera."""

    faults: list[tuple[datetime, datetime, Cause]] = field(default_factory=list)
    picture: Callable[[], Picture] = stripes
    frames: list[datetime] = field(default_factory=list)

    def fault(self, at: datetime) -> Cause | None:
        return next((cause for start, end, cause in self.faults if start <= at < end), None)


@dataclass(frozen=True)
class FakeKeyframe:
    at: float
    picture: Callable[[], Picture] = stripes


class FakeRecording:
    """`advance` is called before each tick of the service."""

    def __init__(self, camera: Camera, stream: Stream, lens: Lens, clock: SettableClock, archive: Archive) -> None:
        self.camera = camera
        self.stream = stream
        self.keyframe: FakeKeyframe | None = None
        self.heard: float | None = None
        self.cause: Cause | None = None
        self._continuity = Continuity()
        self._lens, self._clock, self._archive = lens, clock, archive
        self._start: datetime | None = None
        self._began = clock.stamp()
        self._cut = False
        self.stopped = False

    def advance(self) -> None:
        stamp = self._clock.stamp()
        self.cause = self._lens.fault(stamp.wall)
        if self.cause is not None:
            self._end(self.cause)
            return
        self.heard = stamp.boottime
        if self.keyframe is not None and stamp.boottime - self.keyframe.at < GOP:
            return
        self.keyframe = FakeKeyframe(stamp.boottime, self._lens.picture)
        self._lens.frames.append(stamp.wall)
        if self._start is not None and (self._cut or (stamp.wall - self._start).total_seconds() >= SEGMENT):
            self._close(None)
            if abs(stamp.wall - self._began.wall - timedelta(seconds=stamp.boottime - self._began.boottime)) > STEP:
                self._continuity.resume(stamp.wall)
            self._start, self._began, self._cut = stamp.wall, stamp, False
        elif self._start is None:
            self._start, self._began, self._cut = stamp.wall, stamp, False
            self._continuity.resume(stamp.wall)

    def look(self) -> Status:
        return self._continuity.look()

    def cut(self) -> None:
        self._cut = True

    def sync(self) -> None: ...

    def stop(self) -> None:
        self.stopped = True
        self._end(Cause.STOPPED)

    def _end(self, cause: Cause) -> None:
        if self._start is not None:
            self._close(cause)

    def _close(self, cause: Cause | None) -> None:
        start, began = self._start, self._began
        assert start is not None
        end = start + timedelta(seconds=self._clock.boottime() - began.boottime)  # whatever the wall did meanwhile
        self._start = None
        if cause is not None:
            self._continuity.lose(end, cause)
        if end - start < timedelta(seconds=0.1):
            return
        file = self._archive.create()
        file.write(f"{self.camera.id} {start}".encode())
        recorded = Recorded(
            file=file,
            start=start,
            end=end,
            clock=self._began,
            shape=Shape("h264", 640, 360, b""),
            audio=False,
            cause=cause,
            torn=False,
        )
        self._archive.submit(recorded, self.camera.id, self.stream)
