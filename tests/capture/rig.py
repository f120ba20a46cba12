"""A feed and a tape on a source, as the service sets them up, with the store's files and no database."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import av

from edge_agent.cameras.sources import RtspSource, Source
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Hole
from edge_agent.capture.feed import Feed
from edge_agent.capture.tape import Recorded, Tape
from edge_agent.clock import Clock, SystemClock
from edge_agent.model.media import MediaKind
from edge_agent.simulator.picture import read_stamp
from edge_agent.store.files import MediaFiles, Pending

PATIENCE = 30.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:.0f} s for {what}")
        time.sleep(0.02)


@dataclass
class Rig:
    """`closed` are the segments that ended, in order, with the file that each became; `holes` those that were seen."""

    feed: Feed
    tape: Tape
    closed: list[tuple[Recorded, Path]] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)

    def wait_closed(self, count: int) -> None:
        wait_for(lambda: len(self.closed) >= count, f"{count} closed segments")

    def wait_since(self, seconds: float = 1.0) -> None:
        """Wait until a segment has run so long."""
        wait_for(lambda: self._since() is not None, "a segment")
        end = time.monotonic() + seconds
        wait_for(lambda: time.monotonic() >= end, "time to pass")
        assert self._since() is not None

    def _since(self) -> datetime | None:
        look = self.tape.continuity.look()
        self.holes += look.holes
        return look.since

    @property
    def causes(self) -> list[Cause | None]:
        return [recorded.cause for recorded, _ in self.closed]


@contextmanager
def recording(
    source: Source | str,
    folder: Path,
    *,
    length: float = 60.0,
    clock: Clock | None = None,
    audio: bool = False,
    create: Callable[[], Pending] | None = None,
) -> Iterator[Rig]:
    """`create` makes the files instead of the store, on a disk that is not well."""
    files, clock = MediaFiles(folder), clock or SystemClock()
    lock = threading.Lock()

    def close(recorded: Recorded) -> None:
        with lock:
            if recorded.torn:
                rig.closed.append((recorded, recorded.file.leave()))
            else:
                rig.closed.append((recorded, files.locate(recorded.file.commit(recorded.start).path)))

    tape = Tape(
        clock=clock,
        create=create or (lambda: files.create(MediaKind.RECORDING, ".mp4")),
        done=close,
        tags={"camera": "c1", "stream": "main"},
        length=length,
    )
    if isinstance(source, str):
        source = RtspSource(source, audio=audio)
    feed = Feed(source, name="c1", boottime=clock.boottime)
    rig = Rig(feed, tape)
    feed.add(tape)
    feed.start()
    try:
        yield rig
    finally:
        feed.stop(15)
        feed.remove(tape)
    assert not feed.alive


@dataclass(frozen=True)
class Played:
    """What a player finds in a file: sizes and stamps of the pictures, their times in seconds, codecs of the tracks."""

    codecs: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    stamps: tuple[int | None, ...]
    times: tuple[float, ...]

    @property
    def length(self) -> float:
        return self.times[-1] - self.times[0] if self.times else 0.0


def play(path: Path) -> Played:
    """Decode every picture; an error in any of them is raised."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.options = {"err_detect": "explode"}
        frames = list(container.decode(video))
        return Played(
            codecs=tuple(stream.codec_context.name for stream in container.streams),
            sizes=tuple((frame.width, frame.height) for frame in frames),
            stamps=tuple(read_stamp(frame.to_ndarray(format="bgr24").astype("uint8")) for frame in frames),
            times=tuple(frame.time or 0.0 for frame in frames),
        )


def missing(stamps: list[int | None], loop: int) -> int:
    """Count the pictures that are missing between the first and the last, in a loop of `loop` pictures."""
    known = [stamp for stamp in stamps if stamp is not None]
    return sum((after - before - 1) % loop for before, after in itertools.pairwise(known))
