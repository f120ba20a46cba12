"""A camera that is plugged into this computer: a child process holds the device and gives both streams as MPEG-TS.

A child, because a driver that hangs must not hang the recorder, and because picamera2 lives in another interpreter.
What it writes is always read, so that a stream nobody watches can't stall the one that is recorded.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal

Stream = Literal["main", "sub"]

_CHUNK = 64 * 1024
_BACKLOG = 256  # chunks; a reader that is so far behind is dropped and begins again at the next keyframe
_IDLE_SECONDS = 3.0


class Tap:
    """What PyAV reads from: a file that can't be sought. `read` raises `TimeoutError` when nothing came.

    PyAV does not close a file that it was given, so a tap from which nobody reads is given up after a while.
    """

    def __init__(self, patience: float) -> None:
        self._chunks: queue.Queue[bytes] = queue.Queue(_BACKLOG)
        self._rest = b""
        self._patience = patience
        self._ended = threading.Event()
        self._read_at = time.monotonic()

    def read(self, size: int) -> bytes:
        self._read_at = time.monotonic()
        if not self._rest:
            self._rest = self._next()
            self._read_at = time.monotonic()
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _next(self) -> bytes:
        try:
            return self._chunks.get(timeout=0 if self._ended.is_set() else self._patience)
        except queue.Empty:
            if self._ended.is_set():
                return b""
            raise TimeoutError("the camera gives nothing") from None

    def give(self, data: bytes) -> bool:
        """Whether there is a reader who keeps up; if not, the stream ends for it."""
        if time.monotonic() - self._read_at < max(_IDLE_SECONDS, self._patience):
            with suppress(queue.Full):
                self._chunks.put_nowait(data)
                return True
        self.end()
        return False

    def end(self) -> None:
        self._ended.set()
        with suppress(queue.Full):
            self._chunks.put_nowait(b"")  # wakes a reader that waits; one with a backlog finds the end behind it


class ChildCamera:
    """Runs `command` while anybody reads. It writes its streams to the descriptors `--main-fd` and `--sub-fd`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._lock = threading.Lock()
        self._run: _Run | None = None

    def tap(self, stream: Stream, *, patience: float) -> Tap:
        """A new reader of a stream; the child is started for the first one. Raises `OSError` if it can't be."""
        tap = Tap(patience)
        with self._lock:
            if self._run is None or not self._run.add(stream, tap):
                self._run = _Run(self._command)
                self._run.add(stream, tap)
        return tap

    @property
    def runs(self) -> bool:
        """Whether the child holds its device: it ends where there is none."""
        with self._lock:
            return self._run is not None and not self._run.over

    def close(self) -> None:
        with self._lock:
            if self._run is not None:
                self._run.end()
                self._run = None


class _Run:
    """One life of the child. It dies of its closed pipes when we do."""

    def __init__(self, command: list[str]) -> None:
        self._taps: dict[Stream, list[Tap]] = {"main": [], "sub": []}
        self._lock = threading.Lock()
        self._over = False
        sub_read, sub_write = os.pipe()
        main_read, main_write = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own script, an argument list, no shell
                [*command, f"--main-fd={main_write}", f"--sub-fd={sub_write}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(main_write, sub_write),
            )
        except OSError:
            os.close(sub_read)
            os.close(main_read)
            raise
        finally:
            os.close(sub_write)
            os.close(main_write)
        self._pumps = [
            threading.Thread(target=self._pump, args=(stream, descriptor), name=f"local camera, {stream}", daemon=True)
            for stream, descriptor in (("main", main_read), ("sub", sub_read))
        ]
        for pump in self._pumps:
            pump.start()

    def add(self, stream: Stream, tap: Tap) -> bool:
        """Whether there is a child to read from."""
        with self._lock:
            if self._over:
                return False
            self._taps[stream].append(tap)
            return True

    @property
    def over(self) -> bool:
        with self._lock:
            return self._over

    def end(self) -> None:
        """The kernel closes the device; nothing else of the child's is worth a farewell."""
        with self._lock:
            self._over = True
        self._process.kill()
        self._process.wait()
        for pump in self._pumps:
            pump.join()

    def _pump(self, stream: Stream, descriptor: int) -> None:
        with open(descriptor, "rb", buffering=0) as pipe:
            while data := pipe.read(_CHUNK):
                self._spread(stream, data)
        with self._lock:
            self._over = True
            taps, self._taps[stream] = self._taps[stream], []
        for tap in taps:
            tap.end()
        self._process.wait()

    def _spread(self, stream: Stream, data: bytes) -> None:
        with self._lock:
            self._taps[stream] = [tap for tap in self._taps[stream] if tap.give(data)]
            if not any(self._taps.values()):
                self._over = True  # nobody is left; who comes now starts another child
                self._process.kill()
