"""Brings open segments to the disk every few seconds, so that a power cut loses at most six."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Protocol

INTERVAL = 5.0  # seconds; with a fragment of 0.5 s and a nap of 0.2 s it stays below six


class Syncable(Protocol):
    def sync(self) -> None: ...


class Syncer:
    """One thread for all recordings: a slow card delays the next sync, never a camera."""

    def __init__(self, open_ones: Callable[[], Iterable[Syncable]]) -> None:
        self._open_ones = open_ones
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            for one in list(self._open_ones()):
                one.sync()
