"""What is known of each camera now: the one that is recorded by its video, the idle one by whether it answers."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import Cause
from edge_agent.capture.reader import SILENCE
from edge_agent.capture.recorder import Recording
from edge_agent.errors import EdgeAgentError
from edge_agent.model.camera import Camera, CameraState
from edge_agent.model.stamp import Stamp
from edge_agent.store.cameras import set_state
from edge_agent.store.signs import note_heard
from edge_agent.store.writer import Transaction, Writer

ASK_SECONDS = 5.0
REFRESH_SECONDS = 4.0  # an online camera's sign of life is noted so often: readers call it offline after ten
_AT_ONCE = 8
QUIET = 5.0  # seconds without video from a camera that is known to have failed: a stumble is not worth a word
_LOGIN = {Cause.UNAUTHORIZED: CameraState.REFUSED, Cause.LOCKED: CameraState.LOCKED}
_USELESS = {Cause.NO_KEYFRAME, Cause.NO_VIDEO, Cause.CODEC}  # it may go on sending; there is nothing to record


@dataclass(frozen=True, slots=True)
class _Said:
    state: CameraState
    cause: str


_News = tuple[str, _Said, datetime | None]


class Presence:
    """Writes states where they change, with a fact, and signs of life into memory."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._said: dict[str, _Said] = {}
        self._since: dict[str, float] = {}
        self._heard: dict[str, datetime] = {}
        self._noted = -math.inf

    @property
    def states(self) -> dict[str, CameraState]:
        """What was said last of each camera."""
        return {camera: said.state for camera, said in self._said.items()}

    def tick(
        self,
        stamp: Stamp,
        cameras: Iterable[Camera],
        recordings: Mapping[str, Recording],
        answered: Mapping[str, bool],
    ) -> None:
        news: list[_News] = []
        for camera in cameras:
            recording = recordings.get(camera.id)
            found = self._idle(camera, answered) if recording is None else self._recorded(recording, stamp.boottime)
            if found is None:
                continue
            state, cause = found
            if state is CameraState.ONLINE:
                self._heard[camera.id] = stamp.wall
            said = _Said(state, cause)
            if self._said.get(camera.id) != said:
                self._said[camera.id] = said
                news.append((camera.id, said, self._heard.get(camera.id)))
        if news:
            self._writer.run(lambda tx: _note(tx, news))
        if news or stamp.boottime - self._noted >= REFRESH_SECONDS:
            self._noted = stamp.boottime
            note_heard(self._writer.path, self._heard)

    def _recorded(self, recording: Recording, now: float) -> tuple[CameraState, str] | None:
        since = self._since.setdefault(recording.camera.id, now)
        cause = recording.cause
        if cause in _LOGIN:
            return _LOGIN[cause], cause.value
        if cause in _USELESS:
            return CameraState.OFFLINE, cause.value
        if recording.heard is not None and now - recording.heard < (QUIET if cause else SILENCE):
            return CameraState.ONLINE, ""
        if recording.heard is None and now - since < SILENCE:
            return None  # it has only begun to connect
        return CameraState.OFFLINE, (cause or Cause.TIMEOUT).value

    def _idle(self, camera: Camera, answered: Mapping[str, bool]) -> tuple[CameraState, str] | None:
        self._since.pop(camera.id, None)
        if camera.id not in answered:
            return None
        if not answered[camera.id]:
            return CameraState.OFFLINE, Cause.UNREACHABLE.value
        said = self._said.get(camera.id)
        if said is not None and said.state in _LOGIN.values():
            return said.state, said.cause  # its port answers; whether it would let us in is not known anew
        return CameraState.ONLINE, ""


def _note(tx: Transaction, news: Iterable[_News]) -> None:
    for camera, said, heard in news:
        set_state(tx, camera, said.state, cause=said.cause, last_heard=heard)


class Pinger:
    """Asks the idle cameras, a few at once, in a thread of its own: one that is off takes its time to say nothing."""

    def __init__(self, source_of: Callable[[Camera], Source]) -> None:
        self.answered: Mapping[str, bool] = {}
        self._source_of = source_of
        self._cameras: tuple[Camera, ...] = ()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def watch(self, cameras: Iterable[Camera]) -> None:
        """Ask these from now on."""
        self._cameras = tuple(cameras)

    def _run(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ping") as pool:
            while not self._stopping.wait(ASK_SECONDS if self.answered else 0.5):
                cameras = self._cameras
                answers = pool.map(self._ask, cameras)
                self.answered = {camera.id: answer for camera, answer in zip(cameras, answers, strict=True)}

    def _ask(self, camera: Camera) -> bool:
        try:
            return self._source_of(camera).answers()
        except EdgeAgentError:
            return False
