"""Brings open segments to the disk every few seconds, so that a power cut loses at most six."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from edge_agent.capture.tape import Tape

INTERVAL = 5.0  # seconds; with a fragment of 0.5 s and a nap of 0.2 s it stays below six


class Syncer:
    """One thread for all tapes: a slow card delays the next sync, never a camera."""

    def __init__(self, tapes: Callable[[], Iterable[Tape]]) -> None:
        self._tapes = tapes
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            for tape in list(self._tapes()):
                tape.sync()
