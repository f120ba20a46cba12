"""Child processes of a story, a bench or a test: started, watched, hurt and ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from edge_agent.errors import DeviceError

PATIENCE = 30.0
"""Seconds: a busy Raspberry Pi starts a service, or PostgreSQL, in about ten."""

_GRACE = 20.0  # an open segment is closed within it


class Process:
    """A child in a session of its own: Ctrl-C reaches the parent alone, which ends its children in order.

    What it says goes to `log`. `options` are those of `subprocess.Popen` that say as whom and where it runs.
    """

    stop_signal = signal.SIGTERM

    def __init__(self, name: str, command: Sequence[str], folder: Path, **options: Any) -> None:
        self.name = name
        self.command = command
        self.log = folder / f"{name}.log"
        self._options: Mapping[str, Any] = options
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        if self._running is None:
            raise RuntimeError(f"{self.name} is not running")
        return self._running

    def start(self) -> None:
        with self.log.open("ab") as log, _interrupts_wait():
            self._running = subprocess.Popen(  # noqa: S603 - our own interpreter, or a program found by name
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._options,
            )

    def told(self) -> list[dict[str, Any]]:
        """What it printed as JSON, an object a line."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def wait_until(self, ready: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait for what the process does; raises `DeviceError` with its last words where it doesn't or has ended."""
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self._running is None or self._running.poll() is not None
            if ended or time.monotonic() > deadline:
                words = self.log.read_text(errors="replace").strip().splitlines()[-5:]
                raise DeviceError(f"{self.name}: {what}: " + " | ".join(words), do=f"See {self.log}.")
            time.sleep(0.05)

    def family(self) -> list[int]:
        """Give the ids of its process and of all that it started: they are of one session."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                session = stat.read_text().rpartition(")")[2].split()[3]
                if self._running is not None and session == str(self._running.pid):
                    found.append(int(stat.parent.name))
        return found

    def stop(self, number: signal.Signals | None = None) -> None:
        """End it and all that it started; the impatient end comes after a grace."""
        if self._running is None:
            return
        self.resume()
        with suppress(ProcessLookupError):
            self._running.send_signal(number or self.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(_GRACE)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to it and all that it started: nothing is flushed, no connection is closed politely."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._running = None

    def pause(self) -> None:
        """It hangs: connections stay open, nothing is answered."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C, and what else a program turns into an exception, come once the block is done.

    In the middle of `Popen` it would leave a child that nobody knows and nobody ends. Blocking the signals instead
    would be handed down to the child. Only the main thread is interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before: dict[signal.Signals, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            if callable(handler := signal.getsignal(number)):
                before[number] = handler
                signal.signal(number, lambda late, _frame: came.append(late))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def find_program(name: str) -> str | None:
    """Give the path of an installed program; servers often lie where only root looks."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
