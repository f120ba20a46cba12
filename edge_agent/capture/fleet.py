"""The recordings that run: compared every second with those that should."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Literal

from edge_agent.capture.causes import Cause
from edge_agent.capture.recorder import Recording
from edge_agent.errors import EdgeAgentError
from edge_agent.model.camera import Camera
from edge_agent.model.stamp import Stamp

log = logging.getLogger(__name__)

Room = Literal["main", "sub", "snapshots", ""]
"""What the disk has room for: a main stream, a substream, pictures alone, or nothing."""

_Video = Literal["main", "sub", ""]

ECONOMY_SECONDS = 600.0  # a disk that wavers about its mark must not cut every recording at each turn
RETRY_SECONDS = 10.0
POST_ROLL_SECONDS = 1.5  # what was sent before the end may still be on its way
LONGEST_POST_ROLL = 5.0  # seconds for a reader that lags behind on a busy machine


_streams = attrgetter("kind", "main", "sub", "secret", "audio")
"""What of a camera's row makes another connection necessary: another name or room must not cut a lesson."""


class Fleet:
    """`open_recording` starts one; it may refuse (a password that can't be read), and the others go on.

    `refused` is why a wanted camera has no recording at all.
    """

    def __init__(self, open_recording: Callable[[Camera, Literal["main", "sub"]], Recording]) -> None:
        self.recordings: dict[str, Recording] = {}
        self.refused: dict[str, Cause] = {}
        self._open = open_recording
        self._lessons: dict[str, frozenset[str]] = {}
        self._retry_at: dict[str, float] = {}
        self._unwanted: dict[str, float] = {}
        self._economy_until = 0.0

    def reconcile(
        self, wanted: Mapping[str, Iterable[str]], cameras: Mapping[str, Camera], stamp: Stamp, room: Room
    ) -> None:
        """Let exactly the `wanted` cameras record, each for its lessons; a lesson's boundary begins a new segment."""
        stream = self._stream(room, stamp.boottime)
        for camera in list(self.recordings):
            if camera in wanted:
                self._unwanted.pop(camera, None)
            unwanted = camera not in wanted and self._unwanted.setdefault(camera, stamp.boottime)
            if not stream or (unwanted and self._is_over(camera, unwanted, stamp.boottime)):
                self._stop(camera)
        if not stream:
            self.refused = dict.fromkeys(wanted, Cause.DISK_FULL)
            return
        for camera, lessons in wanted.items():
            own = frozenset(lessons)
            running = self.recordings.get(camera)
            if running is not None and (
                _streams(running.camera) != _streams(cameras[camera]) or running.stream != stream
            ):
                self._stop(camera)  # another address or password, or the disk allows another stream
                running = None
            if running is None:
                self._start(cameras[camera], stream, stamp.boottime)
            elif own != self._lessons.get(camera):
                running.cut()
            self._lessons[camera] = own

    def cut(self) -> None:
        """Begin new segments everywhere: the clock was set."""
        for recording in self.recordings.values():
            recording.cut()

    def stop(self) -> None:
        for camera in list(self.recordings):
            self._stop(camera)

    def _is_over(self, camera: str, since: float, now: float) -> bool:
        """Say whether all that was sent before `since` has been read, or there is no hope of more."""
        heard = self.recordings[camera].heard
        lags = heard is not None and heard < since
        return now - since >= (LONGEST_POST_ROLL if lags else POST_ROLL_SECONDS)

    def _stream(self, room: Room, now: float) -> _Video:
        if room == "sub":
            self._economy_until = now + ECONOMY_SECONDS
        if room == "main":
            return "sub" if now < self._economy_until else "main"
        return "sub" if room == "sub" else ""

    def _start(self, camera: Camera, stream: Literal["main", "sub"], now: float) -> None:
        if now < self._retry_at.get(camera.id, 0.0):
            return
        try:
            self.recordings[camera.id] = self._open(camera, stream)
            self.refused.pop(camera.id, None)
        except EdgeAgentError as error:
            log.warning("%s: %s", camera.name, error)
            self.refused[camera.id] = Cause.UNAUTHORIZED
            self._retry_at[camera.id] = now + RETRY_SECONDS

    def _stop(self, camera: str) -> None:
        self._lessons.pop(camera, None)
        self._unwanted.pop(camera, None)
        self.recordings.pop(camera).stop()
