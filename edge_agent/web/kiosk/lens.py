"""A camera of the device (USB, CSI, ONVIF) in place of the browser's: frames for the engine, and for the page to show.

It comes through `capture` while that runs, because many cameras allow one reader, and the one over the kiosk's door
may be recorded as well. While `capture` is away the camera is opened here, so that check-in goes on; it is let go once
`capture` is back. Imported at the first such kiosk: decoding video takes memory that the others do without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av
from av.codec.context import Flags
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame

from edge_agent.cameras.picture import PATIENCE_S
from edge_agent.cameras.sources import Source
from edge_agent.errors import DeviceError, EdgeAgentError
from edge_agent.playback.pictures import to_jpeg
from edge_agent.web.watch import FRAGMENT, HEADER, is_answered, watch

WIDTH = 640
EVERY = 0.1
"""Seconds between frames, as a browser sends them."""

BEHIND = 0.25
"""Fragments bring 0.2 s at a time; frames are spread out again, so that movement looks as it was."""

RETRY_SECONDS = 1.0
HEAD_START = 3
"""Looks at which `capture` is not there before the camera is opened here: one that starts or restarts goes first."""

BACK_SECONDS = 2.0
"""How often it is looked whether `capture` is back, which must not wait for a camera that has one reader."""

log = logging.getLogger(__name__)


class Lens:
    """Looks through `camera` until `close`; both callbacks are called on its thread.

    `path` is where `capture` shows cameras, `source` gives the camera itself for when it doesn't. `on_frame` takes a
    JPEG of at most `WIDTH` pixels; `on_works` is told when the picture is lost or comes back.
    """

    def __init__(
        self,
        path: Path,
        camera: str,
        *,
        source: Callable[[], Source],
        on_frame: Callable[[bytes], None],
        on_works: Callable[[bool], None],
    ) -> None:
        self._path, self._camera, self._source = path, camera, source
        self._on_frame, self._on_works = on_frame, on_works
        self._closing = threading.Event()
        self._works: bool | None = None
        self._thread = threading.Thread(target=self._run, name=f"lens {camera}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking; the thread ends with its next frame."""
        self._closing.set()

    def _run(self) -> None:
        away = 0  # looks in a row
        while not self._closing.is_set():
            try:
                if is_answered(self._path):
                    away = 0
                    self._look_through_capture()
                elif (away := away + 1) > HEAD_START:
                    self._look_itself()
                else:
                    raise DeviceError(f"{self._camera}: capture does not run (录制服务未运行).")
            except (EdgeAgentError, FFmpegError, OSError, EOFError) as error:
                # FFmpeg's own words quote the address with its password.
                told = error if isinstance(error, EdgeAgentError) else type(error).__name__
                log.info("Camera %s of a kiosk shows nothing: %s", self._camera, told)
                self._tell(works=False)
                self._closing.wait(RETRY_SECONDS)

    def _look_through_capture(self) -> None:
        options = {"analyzeduration": "0", "fflags": "nobuffer"}
        with (
            closing(watch(self._path, self._camera)) as messages,
            av.open(_Fragments(messages), "r", format="mp4", options=options) as container,
        ):
            self._look(_decode(container))
        self._closing.wait(RETRY_SECONDS)  # the picture took another shape: opened anew

    def _look_itself(self) -> None:
        with self._source().open() as container:
            self._look(self._until_capture_is_back(_decode(container)))

    def _until_capture_is_back(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        due = time.monotonic() + BACK_SECONDS
        for frame in frames:
            yield frame
            if time.monotonic() >= due:
                if is_answered(self._path):
                    return
                due = time.monotonic() + BACK_SECONDS
        raise DeviceError(f"{self._camera}: the picture ended (画面中断).")

    def _look(self, frames: Iterator[VideoFrame]) -> None:
        earliest = float("inf")  # when a frame of time 0 could be here at the soonest
        shown = 0.0
        for frame in frames:
            now, at = time.monotonic(), frame.time or 0.0
            earliest = min(earliest, now - at)
            due = earliest + at + BEHIND
            if due - shown < EVERY or due < now - BEHIND:  # the rest of a backlog is old
                continue
            if self._closing.wait(max(0.0, due - now)):
                return
            shown = due
            self._tell(works=True)
            self._on_frame(to_jpeg(frame, WIDTH))

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


def _decode(container: InputContainer) -> Iterator[VideoFrame]:
    """Raises `DeviceError` where no picture comes out of it for the longest keyframe interval."""
    if not container.streams.video:
        raise DeviceError("The camera sends no picture (没有画面).", do="Test the camera (请检测设备).")
    video = container.streams.video[0]
    video.codec_context.flags |= Flags.low_delay
    seen = time.monotonic()
    for packet in container.demux(video):
        try:
            frames = packet.decode()
        except FFmpegError:  # some servers begin in mid-GOP
            frames = []
        if frames:
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE_S:
            raise DeviceError(
                "The camera's picture can't be decoded (画面无法解码).", do="Test the camera (请检测设备)."
            )
        yield from frames
