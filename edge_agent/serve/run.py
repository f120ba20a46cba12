"""`edge-agent run`: start the services as children and keep them alive, for a demo, a container or a laptop.

On an appliance systemd does this, one unit and one user each. A child that dies is started again with a growing pause;
no child waits for another.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Service(StrEnum):
    CAPTURE = "capture"
    KIOSK = "kiosk"
    SYNC = "sync"
    UPKEEP = "upkeep"


COMMAND = (sys.executable, "-m", "edge_agent.serve")
"""What starts a service, its name following."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
_HEALTHY = 60.0  # seconds after which a child is taken to run well, and its pause begins anew
_GRACE = 15.0  # an open segment is closed within it

log = logging.getLogger(__name__)


@dataclass
class _Child:
    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float = FIRST_PAUSE


class Supervisor:
    """Runs `serve NAME` for each name until told to stop."""

    def __init__(self, names: Iterable[str] = tuple(Service), *, command: Sequence[str] = ()) -> None:
        self._command = tuple(command) or COMMAND
        self._children = [_Child(name) for name in names]
        self._stop = threading.Event()

    def run(self) -> None:
        """Block until `stop`, SIGTERM or SIGINT; then stop the children and wait for them."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop())
        try:
            while not self._stop.wait(0.2):
                for child in self._children:
                    self._tend(child, time.monotonic())
        finally:
            self._end()

    def stop(self) -> None:
        self._stop.set()

    def _tend(self, child: _Child, now: float) -> None:
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            child.pause = FIRST_PAUSE if now - child.started > _HEALTHY else min(child.pause * 2, LONGEST_PAUSE)
            child.process, child.due = None, now + child.pause
            log.warning("%s ended with %d; starting it again in %.1f s", child.name, code, child.pause)
        elif now >= child.due:
            child.process = subprocess.Popen([*self._command, child.name])  # noqa: S603 - our own interpreter
            child.started = now

    def _end(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _GRACE
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
