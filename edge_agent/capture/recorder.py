"""One camera being recorded, as the service sees it."""

from __future__ import annotations

from typing import Protocol

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import Source
from edge_agent.capture.archive import Archive
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Status
from edge_agent.capture.feed import Feed
from edge_agent.capture.keyframe import Picture
from edge_agent.capture.tape import Tape
from edge_agent.clock import Clock
from edge_agent.model.camera import Camera


class Held(Protocol):
    """A keyframe; `at` on the boot clock."""

    @property
    def at(self) -> float: ...

    def picture(self) -> Picture: ...


class Recording(Protocol):
    """Level-triggered: the service looks once a second, nothing is announced."""

    camera: Camera
    stream: Stream

    @property
    def keyframe(self) -> Held | None: ...

    @property
    def heard(self) -> float | None:
        """When video last came, on the boot clock."""
        ...

    @property
    def cause(self) -> Cause | None:
        """Why nothing is being recorded."""
        ...

    def look(self) -> Status:
        """Tell what became of the video since the look before."""
        ...

    def cut(self) -> None: ...

    def sync(self) -> None: ...

    def stop(self) -> None:
        """End at once; what was written is kept."""
        ...


class Recorder:
    """The real one: a feed with a tape on it."""

    def __init__(
        self, camera: Camera, stream: Stream, *, source: Source, clock: Clock, archive: Archive, length: float
    ) -> None:
        self.camera = camera
        self.stream = stream
        self._tape = Tape(
            clock=clock,
            create=archive.create,
            done=lambda recorded: archive.submit(recorded, camera.id, stream),
            tags={"camera": camera.id, "stream": stream},
            length=length,
        )
        self.feed = Feed(source, name=camera.name or camera.id, boottime=clock.boottime)
        self.feed.add(self._tape)
        self.feed.start()

    @property
    def keyframe(self) -> Held | None:
        return self.feed.keyframe

    @property
    def heard(self) -> float | None:
        return self.feed.heard

    @property
    def cause(self) -> Cause | None:
        return self._tape.trouble or self.feed.cause

    def look(self) -> Status:
        return self._tape.continuity.look()

    def cut(self) -> None:
        self._tape.cut()

    def sync(self) -> None:
        self._tape.sync()

    def stop(self) -> None:
        self.feed.stop()
        self.feed.remove(self._tape)
