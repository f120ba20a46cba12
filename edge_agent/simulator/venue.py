"""A whole venue in one folder: an agent's configuration and data, and the processes of a story, each started and ended.

The venue's configuration becomes the only one of this process and its children, so that a demonstration on a device
in use touches nothing of it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from edge_agent.errors import DeviceError
from edge_agent.settings import Settings, load_settings, use_alone

PATIENCE = 30.0
"""Seconds: a busy Raspberry Pi starts a service in about ten."""

_GRACE = 20.0  # an open segment is closed within it

_CONFIG = """\
agent = "{agent}"
policy = "demo-minute"

[store]
data_dir = "{folder}/agent"

[clock]
kept_by_host = true

[disk]
reserve_checkin_mb = 20
reserve_snapshot_mb = 50
substream_below_mb = 100

[web]
host = "127.0.0.1"
port = {web}
tls_port = 0

[faces]
impact_assessment = "DEMO-PIA-1"
"""


class Process:
    """A child in a session of its own: Ctrl-C reaches the story alone, which ends its children in order."""

    def __init__(self, name: str, command: Sequence[str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(  # noqa: S603 - our own interpreter, or a program found by name
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
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
            time.sleep(0.1)

    def family(self) -> list[int]:
        """Give the ids of its process and of all that it started: they are of one session."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
                session = stat.read_text().rpartition(")")[2].split()[3]
                if self._running is not None and session == str(self._running.pid):
                    found.append(int(stat.parent.name))
        return found

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it and all that it started; the impatient end comes after a grace."""
        if self._running is None:
            return
        with suppress(ProcessLookupError):
            self._running.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(_GRACE)
        with suppress(ProcessLookupError):
            os.killpg(self._running.pid, signal.SIGKILL)
        self._running.wait()
        self._running = None


class Venue:
    """One agent with what stands around it. Leaving the `with` block ends every process, the last one first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port, self.broker_port, self.centre_port = (free_port() for _ in range(3))
        self._processes: list[Process] = []
        config = folder / "config.toml"
        name = f"demo-{secrets.token_hex(3)}"
        config.write_text(_CONFIG.format(agent=name, folder=folder.as_posix(), web=self.web_port))
        use_alone(config)
        self.settings: Settings = load_settings()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for process in reversed(self._processes):
            process.stop()

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def mqtt(self) -> str:
        return f"mqtt://127.0.0.1:{self.broker_port}"

    def start(self, name: str, *arguments: str, environment: Sequence[str] = ()) -> Process:
        """Start `edge-agent ARGUMENTS`, which runs until it is stopped; what it says goes to NAME.log."""
        command = ["/usr/bin/env", *environment] if environment else []
        return self._start(Process(name, [*command, *_EDGE_AGENT, *arguments], self.folder))

    def start_broker(self) -> Process | None:
        """Start mosquitto, or give None where it is not installed."""
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
        if program is None:
            return None
        config = self.folder / "mosquitto.conf"
        # As root it would become the user mosquitto, who can't read this folder.
        config.write_text(f"user root\nlistener {self.broker_port} 127.0.0.1\nallow_anonymous true\n")
        broker = self._start(Process("broker", [program, "-c", str(config)], self.folder))
        broker.wait_until(lambda: listens(self.broker_port), "does not answer")
        return broker

    def _start(self, process: Process) -> Process:
        self._processes.append(process)
        process.start()
        return process


_EDGE_AGENT = (sys.executable, "-m", "edge_agent")


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
