"""The engine as the rest sees it: a child process that is fed frames, and restarted when it dies.

A crash in a model's native code, a frame that makes it hang, or a kill costs the frames in flight and about a second;
it never takes the service along, and never gives a decision. Nothing here waits for the child but `ask`.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self

from edge_agent.errors import DeviceError, EdgeAgentError, InputError
from edge_agent.faces.backend import IDENTITIES, Identity
from edge_agent.faces.child import START_SECONDS, Child, LostError
from edge_agent.faces.face import Observation
from edge_agent.faces.images import frame_size
from edge_agent.faces.names import EngineName
from edge_agent.faces.wire import FRAME, Question, unpack, unpack_sight

FRAME_SECONDS = 10.0
"""A frame takes 0.2 s on a Raspberry Pi 4; what takes this long hangs."""
_BACKOFF = (0.0, 0.5, 2.0, 5.0)
"""Seconds before the next start, by failures in a row: at once after the first, so that a kiosk hardly notices."""
_STEADY_SECONDS = 30.0
"""Who ran so long did not fail at its start: the row begins anew."""
_MOST_ASKS = 16
"""Of 0.2 s each on a Raspberry Pi 4: who asks after that many is told to come again, before waiting in vain."""


class Health(StrEnum):
    STARTING = "starting"
    READY = "ready"
    BROKEN = "broken"
    CLOSED = "closed"


@dataclass(eq=False)
class _Job:
    stream: str
    at: float
    message: bytes
    answer: Future[Observation] | None = None
    """None for a stream's frame: its answer is kept for `latest`."""


class FaceEngine:
    """Use as a context manager, or call `close`. Thread-safe."""

    def __init__(self, folder: Path, engine: EngineName = "opencv") -> None:
        self._folder, self._engine = folder, engine
        self._lock = threading.Lock()
        self._waiting: dict[str, _Job] = {}
        self._asks: deque[_Job] = deque()
        self._seen: dict[str, Observation] = {}
        self._watchers: dict[str, Callable[[], None]] = {}
        self._health, self._reason = Health.STARTING, ""
        self._pid: int | None = None
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._changed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._supervise, name="face-engine", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def identity(self) -> Identity:
        return IDENTITIES[self._engine]

    @property
    def pid(self) -> int | None:
        """The child's, for `doctor` and measurements."""
        return self._pid

    def health(self) -> tuple[Health, str]:
        """How it is, and why it is broken."""
        with self._lock:
            return self._health, self._reason

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """For commands. Raises `DeviceError` when it is not ready in time, with the reason."""
        with self._changed:
            self._changed.wait_for(lambda: self._health in {Health.READY, Health.BROKEN}, seconds)
            health, reason = self._health, self._reason
        if health is not Health.READY:
            raise DeviceError(
                reason or "The face engine does not start.",
                do="See `edge-agent models verify` and `edge-agent doctor`.",
            )

    def submit(self, stream: str, jpeg: bytes, at: float) -> None:
        """Hand in a frame taken `at`; one that still waits is replaced. Raises `InputError` for a bad one."""
        frame_size(jpeg)
        with self._lock:
            self._waiting.pop(stream, None)  # goes behind the other streams, so that none starves
            self._waiting[stream] = _Job(stream, at, Question(FRAME, jpeg).pack())
            self._poke()

    def latest(self, stream: str) -> Observation | None:
        """The newest observation of the stream, each once."""
        with self._lock:
            return self._seen.pop(stream, None)

    def watch(self, stream: str, woken: Callable[[], None]) -> None:
        """Have `woken` called on the engine's thread after each new observation of the stream, until `forget`.

        It must not wait and must not raise.
        """
        with self._lock:
            self._watchers[stream] = woken

    def forget(self, stream: str) -> None:
        """The kiosk was closed: nothing of its stream stays."""
        with self._lock:
            self._watchers.pop(stream, None)
            self._waiting.pop(stream, None)
            self._seen.pop(stream, None)

    def ask(self, jpeg: bytes, kind: bytes = FRAME, *, seconds: float = START_SECONDS) -> Observation:
        """Look at one picture and wait. Raises `InputError` for the picture, `DeviceError` for the engine."""
        frame_size(jpeg)
        return self.put(Question(kind, jpeg), seconds=seconds)

    def put(self, question: Question, *, seconds: float = START_SECONDS) -> Observation:
        """The same for a question whose picture was checked."""
        answer: Future[Observation] = Future()
        job = _Job("", 0.0, question.pack(), answer)
        with self._lock:
            if self._health is Health.CLOSED or len(self._asks) >= _MOST_ASKS:
                raise DeviceError("The face engine is busy or closed.", do="Try again in a moment.")
            self._asks.append(job)
            self._poke()
        try:
            return answer.result(seconds)
        except TimeoutError as error:
            with self._lock, contextlib.suppress(ValueError):  # nobody waits for it any more
                self._asks.remove(job)
            raise DeviceError(
                f"The face engine did not answer. {self.health()[1]}".strip(), do="See `edge-agent doctor`."
            ) from error

    def close(self) -> None:
        with self._changed:
            if self._health is Health.CLOSED:
                return
            self._poke()
            self._health = Health.CLOSED
            self._changed.notify_all()
        self._thread.join()
        with self._lock:
            left = list(self._asks)
        for job in left:
            _fail(job, DeviceError("The face engine was closed."))
        os.close(self._woken)
        os.close(self._wake)

    def _poke(self) -> None:
        """Wake the thread; under the lock, so that nobody writes once `close` has given the pipe's number back."""
        if self._health is not Health.CLOSED:
            with contextlib.suppress(BlockingIOError):  # a full pipe wakes as well
                os.write(self._wake, b".")

    def _set(self, health: Health, reason: str = "") -> None:
        with self._changed:
            if self._health is not Health.CLOSED:
                self._health, self._reason = health, reason
            self._changed.notify_all()

    def _closed(self) -> bool:
        with self._lock:
            return self._health is Health.CLOSED

    def _supervise(self) -> None:
        failures = 0
        while not self._closed():
            began = time.monotonic()
            try:
                child = Child.start(self._folder, self._engine)
            except (LostError, EdgeAgentError, OSError) as error:
                self._set(Health.BROKEN, str(error))
            else:
                self._pid = child.pid
                self._set(Health.READY)
                try:
                    self._serve(child)
                except LostError as error:
                    self._set(Health.BROKEN, str(error))
                finally:
                    self._pid = None
                    child.end()
            failures = 0 if time.monotonic() - began > _STEADY_SECONDS else failures + 1
            pause = _BACKOFF[min(failures, len(_BACKOFF)) - 1] if failures else 0.0
            self._pause(pause)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._health is Health.CLOSED, seconds)

    def _serve(self, child: Child) -> None:
        while not self._closed():
            job = self._next()
            if job is None:
                if child.link in wait([child.link, self._woken]):
                    raise LostError("The face engine's process ended; it is started again.")
                os.read(self._woken, 4096)
                continue
            try:
                self._take(job, child.ask(job.message, FRAME_SECONDS))
            except (LostError, ValueError, KeyError) as error:  # the last two: an answer that can't be read
                _fail(job, DeviceError("The face engine's process ended in mid-frame.", do="Try again in a moment."))
                raise LostError(f"The face engine was lost ({error}); it is started again.") from error

    def _next(self) -> _Job | None:
        with self._lock:
            if self._asks:
                return self._asks.popleft()
            return self._waiting.pop(next(iter(self._waiting))) if self._waiting else None

    def _take(self, job: _Job, message: bytes) -> None:
        header, _ = unpack(message)
        if "error" in header:
            _fail(job, InputError(header["error"], do=header["do"]))
            return
        observation = unpack_sight(message, stream=job.stream, at=job.at)
        if job.answer is not None:
            job.answer.set_result(observation)
            return
        with self._lock:
            self._seen[job.stream] = observation
            woken = self._watchers.get(job.stream)
        if woken is not None:
            woken()


def _fail(job: _Job, error: EdgeAgentError) -> None:
    if job.answer is not None and not job.answer.done():
        job.answer.set_exception(error)
