"""A camera of the device (USB, CSI, ONVIF) in place of the browser's: frames for the engine, and for the page to show.

It comes through `capture`, because most cameras allow one reader, and the one over the kiosk's door may be recorded as
well. Imported at the first such kiosk: decoding video takes memory that the others do without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags
from av.error import FFmpegError
from av.video.frame import VideoFrame

from edge_agent.errors import DeviceError
from edge_agent.faces.frames import encode_frame
from edge_agent.web.watch import FRAGMENT, HEADER, watch

WIDTH = 640
EVERY = 0.1
"""Seconds between frames, as a browser sends them."""

BEHIND = 0.25
"""Fragments bring 0.2 s at a time; frames are spread out again, so that movement looks as it was."""

RETRY_SECONDS = 1.0
_QUALITY = 80

log = logging.getLogger(__name__)


class Lens:
    """Looks through `camera` until `close`; both callbacks are called on its thread.

    `on_frame` takes a JPEG of at most `WIDTH` pixels; `on_works` is told when the picture is lost or comes back.
    """

    def __init__(
        self, path: Path, camera: str, *, on_frame: Callable[[bytes], None], on_works: Callable[[bool], None]
    ) -> None:
        self._path, self._camera = path, camera
        self._on_frame, self._on_works = on_frame, on_works
        self._closing = threading.Event()
        self._works: bool | None = None
        self._thread = threading.Thread(target=self._run, name=f"lens {camera}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; the thread ends with its next frame."""
        self._closing.set()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                with closing(watch(self._path, self._camera)) as messages:
                    self._look(messages)
            except (DeviceError, FFmpegError) as error:
                log.info("Camera %s of a kiosk shows nothing: %s", self._camera, error)
            self._tell(works=False)
            self._closing.wait(RETRY_SECONDS)

    def _look(self, messages: Generator[tuple[bytes, bytes], None, None]) -> None:
        earliest = float("inf")  # when a frame of time 0 could be here at the soonest
        shown = 0.0
        for frame in _decode(messages):
            now, at = time.monotonic(), frame.time or 0.0
            earliest = min(earliest, now - at)
            due = earliest + at + BEHIND
            if due - shown < EVERY or due < now - BEHIND:  # the rest of a backlog is old
                continue
            if self._closing.wait(max(0.0, due - now)):
                return
            shown = due
            self._tell(works=True)
            height = round(frame.height * WIDTH / frame.width)
            small = frame.reformat(width=WIDTH, height=height, format="bgr24") if frame.width > WIDTH else frame
            picture = np.asarray(small.to_ndarray(format="bgr24"), np.uint8)
            self._on_frame(encode_frame(picture, quality=_QUALITY))

    def _tell(self, *, works: bool) -> None:
        if works is not self._works and not self._closing.is_set():
            self._works = works
            self._on_works(works)


class _Fragments:
    """The fragments as the file that PyAV reads; it ends where the camera's picture takes another shape."""

    def __init__(self, messages: Iterator[tuple[bytes, bytes]]) -> None:
        self._messages = messages
        self._rest = b""
        self._begun = False

    def read(self, size: int) -> bytes:
        while not self._rest:
            kind, body = next(self._messages, (HEADER, b""))
            if kind == HEADER and self._begun:
                return b""
            self._begun = self._begun or kind == HEADER
            if kind in {HEADER, FRAGMENT}:
                self._rest = body
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


def _decode(messages: Iterator[tuple[bytes, bytes]]) -> Iterator[VideoFrame]:
    options = {"analyzeduration": "0", "fflags": "nobuffer"}
    with av.open(_Fragments(messages), "r", format="mp4", options=options) as container:
        (video,) = container.streams.video
        video.codec_context.flags |= Flags.low_delay
        yield from container.decode(video)
