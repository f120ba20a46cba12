"""Writes one stream's packets into segments of about a minute, each a fragmented MP4 that plays by itself.

A segment ends at the first keyframe after its length, when the picture or the clock changes, when the connection is
lost, or when a lesson begins or ends (`cut`). Two segments that follow without a loss share their instant.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from edge_agent.capture.causes import Cause, of_disk
from edge_agent.capture.continuity import Continuity
from edge_agent.capture.muxer import Muxer
from edge_agent.capture.reader import Shape, Streams
from edge_agent.capture.sound import Sound
from edge_agent.clock import Clock
from edge_agent.errors import StorageError
from edge_agent.model.stamp import Stamp, instant
from edge_agent.store.files import Pending

log = logging.getLogger(__name__)

LENGTH = 60.0  # seconds
RETRY = 2.0  # seconds between attempts on a disk that refuses
STEP = 0.5  # seconds between wall and boot clock that are a step, not a slew


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A segment that ended and is not committed yet.

    `clock` is the clock at its start. `cause` says why nothing follows it, None where the next one goes on without a
    loss; `torn`, that the disk refused its last bytes.
    """

    file: Pending
    start: datetime
    end: datetime
    clock: Stamp
    shape: Shape
    audio: bool
    cause: Cause | None
    torn: bool


@dataclass(slots=True)
class _Segment:
    """`at` and `last_at` are arrivals on the boot clock, `clock` is the clock at the first one."""

    file: Pending
    muxer: Muxer
    shape: Shape
    audio: bool
    clock: Stamp
    start: datetime
    at: float
    last_at: float
    ends_at: float


class Tape:
    """A feed's consumer.

    `trouble` is why the disk refuses; `continuity` tells since when it keeps what comes, over any number of segments.

    `create` makes a file for a segment; `done` takes the finished one over and must not block. `tags` go into each
    file's header, with its start: what `salvage` needs to know of a segment that a crash left.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        create: Callable[[], Pending],
        done: Callable[[Recorded], None],
        tags: dict[str, str],
        length: float = LENGTH,
    ) -> None:
        self.trouble: Cause | None = None
        self.continuity = Continuity()
        self._clock = clock
        self._create = create
        self._done = done
        self._tags = tags
        self._length = length
        self._lock = threading.Lock()
        self._streams: Streams | None = None
        self._sound: Sound | None = None
        self._segment: _Segment | None = None
        self._retry_at = 0.0
        self._keyframe_at = 0.0
        self._gop = 0.0

    def begin(self, streams: Streams) -> None:
        with self._lock:
            self.cut()
            self._streams = streams
            self._sound = Sound(streams.audio) if streams.audio else None
            self._keyframe_at = 0.0

    def picture(self, packet: Packet[Stream], at: float) -> None:
        with self._lock:
            if packet.is_keyframe and self._streams:
                self._turn(self._streams, at)
            segment = self._segment
            if segment:
                segment.last_at = at
                try:
                    segment.muxer.picture(packet)
                except (OSError, FFmpegError) as error:
                    self._fail(segment, error)

    def sound(self, packet: Packet[Stream], at: float) -> None:
        del at
        with self._lock:
            segment = self._segment
            if segment:
                try:
                    segment.muxer.sound(packet)
                except (OSError, FFmpegError) as error:
                    self._fail(segment, error)

    def end(self, cause: Cause) -> None:
        with self._lock:
            if self._segment:
                self._close(self._segment, cause)
            self._streams = self._sound = None

    def cut(self) -> None:
        """Begin a new segment at the next keyframe."""
        segment = self._segment
        if segment:
            segment.ends_at = 0.0

    def sync(self) -> None:
        """Bring what was written to the disk; called from outside, so that a slow card never stops the reading."""
        segment = self._segment
        if segment:
            try:
                segment.file.sync()
            except (OSError, ValueError) as error:  # ValueError: closed meanwhile
                with self._lock:
                    if self._segment is segment and isinstance(error, OSError):
                        self._fail(segment, error)

    def _turn(self, streams: Streams, at: float) -> None:
        """Begin a segment where it is time: half a GOP early rather than a GOP late."""
        if self._keyframe_at:
            self._gop = min(at - self._keyframe_at, self._length)
        self._keyframe_at = at
        old, unbroken, end = self._segment, False, None
        if at < self._retry_at or (old and at < old.ends_at - self._gop / 2):
            return
        stamp = self._clock.stamp()
        start = stamp.wall - timedelta(seconds=stamp.boottime - at)
        start -= timedelta(microseconds=start.microsecond % 1000)  # as facts and the file's header have it
        if old:
            by_boot = old.start + timedelta(seconds=at - old.at)
            unbroken = abs((start - by_boot).total_seconds()) <= STEP
            end = start if unbroken else by_boot
            self._close(old, None, end)
        try:
            file = self._create()
            try:
                tags = self._tags | {"start": instant(start), "clock": f"{stamp.trust.value} {at:.3f} {stamp.boot_id}"}
                muxer = Muxer(file, streams, self._sound, tags=tags)
            except BaseException:
                file.discard()
                raise
        except (OSError, StorageError, FFmpegError) as error:
            self._refuse(error, at)
            if end and self.trouble:
                self.continuity.lose(end, self.trouble)
            return
        self.trouble = None
        if not unbroken:
            self.continuity.resume(start)
        clock = replace(stamp, wall=start, boottime=at)
        self._segment = _Segment(
            file, muxer, streams.shape, self._sound is not None, clock, start, at, at, at + self._length
        )

    def _fail(self, segment: _Segment, error: OSError | FFmpegError) -> None:
        """Keep what the disk took, and try again soon."""
        self._refuse(error, segment.last_at)
        self._close(segment, self.trouble, torn=True)

    def _refuse(self, error: Exception, at: float) -> None:
        cause = of_disk(error)
        if cause is not self.trouble:
            log.warning("%s: can't write video: %s", self._tags.get("camera", ""), error)
        self.trouble = cause
        self._retry_at = at + RETRY

    def _close(
        self, segment: _Segment, cause: Cause | None, end: datetime | None = None, *, torn: bool = False
    ) -> None:
        self._segment = None
        try:
            segment.muxer.close()
        except (OSError, FFmpegError):
            torn = True
        end = end or segment.start + timedelta(seconds=segment.last_at - segment.at)
        if cause:
            self.continuity.lose(end, cause)
        self._done(
            Recorded(
                file=segment.file,
                start=segment.start,
                end=end,
                clock=segment.clock,
                shape=segment.shape,
                audio=segment.audio,
                cause=cause,
                torn=torn,
            )
        )
