"""One stream of one camera: connects, reads, holds the last keyframe, connects again. One thread each.

A feed touches no disk; what its consumers do with packets is theirs. Its state is polled, never announced: who wants
to know compares `heard` with the clock, so that a thread stuck in a driver is offline like any other.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import sleep

from av.error import FFmpegError

from edge_agent.cameras import sources
from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import Cause, StreamError, of_stream
from edge_agent.capture.keyframe import Keyframe
from edge_agent.capture.reader import Consumer, Reader
from edge_agent.errors import DeviceError

log = logging.getLogger(__name__)

BACKOFF = (0.25, 5.0)
# After a refused password nothing is asked of the camera but whether it is there: `cameras.guard` keeps the rest back.
BACKOFF_LOGIN = 60.0
LOOK_LOGIN = 5.0
KEYFRAME_LATE = 8.0  # seconds after which it is said that none came; the reader waits on, some cameras take longer
STEADY = 5.0  # seconds of video after which the next failure starts from the shortest pause
# Reading in bursts saves a third of the CPU: a thread that wakes for every network packet finds its caches cold. With a
# fragment of 0.5 s it stays below the second that a kill may lose; the kernel's socket buffer holds far more.
NAP = 0.25
PATIENCE = 0.9  # of a read's deadline: what fails after it failed because of it


class Feed:
    """`boottime` gives seconds on a clock that never steps. `prompt` feeds (live) are read frame by frame."""

    def __init__(self, source: Source, *, name: str, boottime: Callable[[], float], prompt: bool = False) -> None:
        self.name = name
        self.keyframe: Keyframe | None = None
        self.heard: float | None = None
        self.cause: Cause | None = None
        self._source = source
        self._boottime = boottime
        self._nap = 0.0 if prompt else NAP
        self._stopping = threading.Event()
        self._consumers: tuple[Consumer, ...] = ()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait: float = 0.0) -> None:
        """Ask the thread to end and wait for it at most so long; a thread that reads a frozen camera takes seconds."""
        self._stopping.set()
        if wait:
            self._thread.join(wait)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def add(self, consumer: Consumer) -> None:
        """Let it take packets from the next keyframe on."""
        self._consumers = (*self._consumers, consumer)

    def remove(self, consumer: Consumer, cause: Cause = Cause.STOPPED) -> None:
        self._consumers = tuple(one for one in self._consumers if one is not consumer)
        consumer.end(cause)

    def _run(self) -> None:
        pause = BACKOFF[0]
        while not self._stopping.is_set():
            began = self._boottime()
            cause = self._connect()
            if self._stopping.is_set():
                return
            if cause is not self.cause:
                log.info("%s: no video (%s)", self.name, cause)
            self.cause = cause
            pause = BACKOFF[0] if (self.heard or 0.0) - began > STEADY else min(2 * pause, BACKOFF[1])
            if cause in {Cause.UNAUTHORIZED, Cause.LOCKED}:
                self._wait(BACKOFF_LOGIN, LOOK_LOGIN, away=False)
            else:
                self._wait(pause, BACKOFF[0], away=cause in {Cause.REFUSED, Cause.UNREACHABLE})

    def _connect(self) -> Cause:
        """Read one connection to its end, and tell why it ended."""
        reader = None
        began = self._boottime()
        try:
            with self._source.open() as container:
                reader = Reader(container, lambda: self._consumers, self._boottime)
                reader.read(self._listener(reader))
            cause = Cause.STOPPED if self._stopping.is_set() else Cause.CLOSED
        except (FFmpegError, OSError, StreamError, DeviceError) as error:
            cause = of_stream(error)
            quiet = self._boottime() - max(began, self.heard or 0.0)
            if cause is Cause.BAD_DATA and quiet > PATIENCE * sources.READ_SECONDS:
                cause = Cause.TIMEOUT  # libavformat says "invalid data" when our deadline interrupts it
        except Exception:  # a thread that dies would leave a camera dark for the whole lesson
            log.exception("%s: reading failed", self.name)
            cause = Cause.BAD_DATA
        for consumer in reader.begun if reader else ():
            consumer.end(cause)
        return cause

    def _listener(self, reader: Reader) -> Callable[[float], bool]:
        """Give what hears of each packet of a connection: keeps the state, takes naps, says when to stop."""
        boottime, nap, stopping = self._boottime, self._nap, self._stopping
        began = boottime()
        steady, late = began + STEADY, began + KEYFRAME_LATE

        def heard(at: float) -> bool:
            self.heard = at
            if reader.keyframe is not None and reader.keyframe is not self.keyframe:
                self.keyframe = reader.keyframe
                self.cause = None
            elif at > late and reader.keyframe is None:
                self.cause = Cause.NO_KEYFRAME
            if nap and at > steady and at < reader.next_due:
                sleep(nap)
            return not stopping.is_set()

        return heard

    def _wait(self, seconds: float, look: float, *, away: bool) -> None:
        """Sit out the pause, but not longer than the camera is away: a rebooted one is recorded within a second.

        `away` says that it was not there a moment ago: it may be back before the first look.
        """
        due = self._boottime() + seconds
        while self._boottime() < due and not self._stopping.wait(look):
            if not self._source.answers():
                away = True
            elif away:
                return
