"""Live video: one feed a camera, cut into small fragments for as many viewers as there are.

A viewer begins with the fragments since the last keyframe. One that reads too slowly loses what it has not read and
goes on at the next keyframe: it never slows a camera, a recording or another viewer down.
"""

from __future__ import annotations

import io
import json
import threading
from collections import deque
from dataclasses import dataclass
from enum import Enum

from av.packet import Packet
from av.stream import Stream as AvStream

from edge_agent.capture.causes import Cause
from edge_agent.capture.muxer import Muxer
from edge_agent.capture.reader import Streams
from edge_agent.store.mp4 import codecs, top_boxes

FRAGMENT = 0.2  # seconds; what a viewer is behind the camera, but for the network
MOST_WAITING = 4 << 20  # bytes of one viewer; 20 s of a substream
MOST_CACHED = 8 << 20  # bytes since the last keyframe


class Kind(bytes, Enum):
    """The first byte of each message."""

    STREAM = b"s"  # JSON: codecs, width, height
    INIT = b"i"  # the header: ftyp and moov
    FRAGMENT = b"f"  # moof and mdat
    JPEG = b"j"
    ERROR = b"e"  # JSON: cause


@dataclass(frozen=True, slots=True)
class Message:
    kind: Kind
    body: bytes
    keyframe: bool = False


class Viewer:
    """A queue of messages that forgets rather than grows."""

    def __init__(self, backlog: list[Message]) -> None:
        self._ready = threading.Condition()
        self._waiting: deque[Message] = deque(backlog)
        self._bytes = sum(len(message.body) for message in backlog)
        self._skipping = not any(message.keyframe for message in backlog)

    def give(self, message: Message) -> None:
        with self._ready:
            if message.kind is Kind.FRAGMENT and not self._takes(message):
                return
            self._waiting.append(message)
            self._bytes += len(message.body)
            self._ready.notify()

    def take(self, timeout: float) -> Message | None:
        with self._ready:
            if not self._waiting and not self._ready.wait_for(lambda: bool(self._waiting), timeout):
                return None
            message = self._waiting.popleft()
            self._bytes -= len(message.body)
            return message

    def _takes(self, message: Message) -> bool:
        if self._bytes + len(message.body) > MOST_WAITING:
            kept = [one for one in self._waiting if one.kind is not Kind.FRAGMENT]
            self._waiting = deque(kept)
            self._bytes = sum(len(one.body) for one in kept)
            self._skipping = True
        if self._skipping and not message.keyframe:
            return False
        self._skipping = False
        return True


class Broadcast:
    """A feed's consumer that gives every viewer the same fragments."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewers: tuple[Viewer, ...] = ()
        self._opening: list[Message] = []
        self._cached: list[Message] = []
        self._muxer: Muxer | None = None
        self._written = bytearray()
        self._streams: Streams | None = None
        self._keyframe = False

    def join(self) -> Viewer:
        with self._lock:
            viewer = Viewer([*self._opening, *self._cached])
            self._viewers = (*self._viewers, viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers = tuple(one for one in self._viewers if one is not viewer)

    def begin(self, streams: Streams) -> None:
        with self._lock:
            self._streams = streams
            self._opening, self._cached = [], []
            self._written.clear()
        self._muxer = Muxer(self, streams, fragment=FRAGMENT)

    def picture(self, packet: Packet[AvStream], at: float) -> None:
        del at
        if self._muxer:
            self._muxer.picture(packet)  # a keyframe writes the fragment before it, then begins its own
            self._keyframe = self._keyframe or packet.is_keyframe

    def sound(self, packet: Packet[AvStream], at: float) -> None:
        """A live picture is silent: browsers would not start it otherwise."""

    def end(self, cause: Cause) -> None:
        self._muxer = None
        self._publish(Message(Kind.ERROR, json.dumps({"cause": cause.value}).encode()))

    def write(self, data: bytes) -> int:
        """Take what the muxer writes; whole boxes become messages."""
        self._written += data
        begin = done = 0
        for kind, _, end, _ in top_boxes(io.BytesIO(self._written), len(self._written)):
            done = end
            if kind in {b"moov", b"mdat"}:
                self._send(bytes(self._written[begin:end]), header=kind == b"moov")
                begin = end
        del self._written[: min(done, begin)]
        return len(data)

    def _send(self, body: bytes, *, header: bool) -> None:
        if not header:
            keyframe, self._keyframe = self._keyframe, False
            self._publish(Message(Kind.FRAGMENT, body, keyframe))
        elif self._streams:
            shape = self._streams.shape
            told = {"codecs": codecs(body), "width": shape.width, "height": shape.height}
            self._publish(Message(Kind.STREAM, json.dumps(told).encode()))
            self._publish(Message(Kind.INIT, body))

    def _publish(self, message: Message) -> None:
        with self._lock:
            if message.kind is Kind.FRAGMENT:
                if message.keyframe or sum(len(one.body) for one in self._cached) > MOST_CACHED:
                    self._cached = []
                if message.keyframe or self._cached:
                    self._cached.append(message)
            elif message.kind in {Kind.STREAM, Kind.INIT}:
                self._opening.append(message)
            for viewer in self._viewers:
                viewer.give(message)
