"""The tick: every second a service compares what is wanted with what is, and does the difference.

Monotonic time drives it: a step of the wall clock neither stops nor doubles a tick. A tick that fails is logged and
the next one tries again; the watchdog is fed only by ticks that went through, so that a service which fails for long is
restarted.
"""

from __future__ import annotations

import errno
import logging
import signal
import threading
import time
from collections.abc import Callable

from edge_agent.errors import EdgeAgentError
from edge_agent.serve.notify import Notifier, from_environment

INTERVAL = 1.0
_SAY_AGAIN = 60.0
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}

log = logging.getLogger(__name__)


_asked_early = threading.Event()


def listen_early() -> None:
    """Let SIGTERM and SIGINT end a service in order from its first moment on, not only once it ticks."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _asked_early.set())


class Ticker:
    """Calls `tick` once a second until `stop`, SIGTERM or SIGINT."""

    def __init__(
        self, tick: Callable[[], None], *, interval: float = INTERVAL, notifier: Notifier | None = None
    ) -> None:
        self._tick = tick
        self._interval = interval
        self._notifier = notifier or from_environment()
        self._stop = threading.Event()
        self._said: tuple[str, float] = ("", 0.0)

    def run(self) -> None:
        """Block until stopped. In the main thread it also answers SIGTERM and SIGINT."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop())
            if _asked_early.is_set():
                self.stop()
        self._notifier.ready()
        due = time.monotonic()
        while not self._stop.is_set():
            if self._once():
                self._notifier.alive()
            # Late ticks are left out, not made up for: each looks at everything anyway.
            due = max(due + self._interval, time.monotonic())
            self._stop.wait(due - time.monotonic())
        self._notifier.stopping()

    def stop(self) -> None:
        self._stop.set()

    def _once(self) -> bool:
        try:
            self._tick()
        except Exception as error:
            # A full disk or a dead camera is a state to live with, not a reason to restart.
            if isinstance(error, EdgeAgentError) or (isinstance(error, OSError) and error.errno in _DISK):
                self._say(str(error))
                return True
            log.exception("A tick failed; the next one tries again.")
            return False
        return True

    def _say(self, text: str) -> None:
        """Log a failing tick once, and again each minute while it lasts."""
        said, at = self._said
        now = time.monotonic()
        if text != said or now - at > _SAY_AGAIN:
            self._said = (text, now)
            log.error("%s", text)
