"""A bound on how fast media leave."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Throttle:
    """Lets `rate` bytes a second through, in bursts of at most a second's worth; 0 lets everything through."""

    def __init__(self, rate: int, boottime: Callable[[], float], stopping: threading.Event) -> None:
        self._rate = rate
        self._boottime = boottime
        self._stopping = stopping
        self._free_at = 0.0

    def take(self, size: int) -> None:
        """Wait until `size` bytes may go."""
        if not self._rate:
            return
        now = self._boottime()
        self._free_at = max(self._free_at, now - 1.0) + size / self._rate
        if self._free_at > now:
            self._stopping.wait(self._free_at - now)
