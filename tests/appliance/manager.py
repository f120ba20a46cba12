"""A service manager for tests: it starts what the installed units say, and speaks systemd's notification protocol.

Real processes, without users and sandboxes, in a root folder of its own.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import tempfile
import time
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.appliance.host import SERVICES, place_units, remove_units
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import Release

PATIENCE = 60.0
TIMEOUT_STOP = 60.0  # seconds: TimeoutStopSec= of the units


@dataclass
class Unit:
    process: subprocess.Popen[bytes]
    channel: socket.socket
    said: set[str] = field(default_factory=set)

    def listen(self) -> None:
        while True:
            try:
                self.said.update(self.channel.recv(4096).decode().splitlines())
            except BlockingIOError:
                return


class ServiceManager:
    """`edge_agent.appliance.host.Host` without systemd."""

    def __init__(self, layout: Layout, services: tuple[str, ...] = SERVICES) -> None:
        self.services = services
        self._layout = layout
        self._sockets = tempfile.TemporaryDirectory(prefix="notify-")
        self.units: dict[str, Unit] = {}

    def adopt(self, release: Release) -> None:
        place_units(release, self._layout, systemd=252)
        self._layout.database.parent.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        subprocess.run(self._command("edge-agent-migrate.service"), check=True, env=self._environment(""))
        for name in self.services:
            running = self.units.get(name)
            if running is None or running.process.poll() is not None:
                self.units[name] = self._start(name)

    def stop(self) -> None:
        for unit in self.units.values():
            unit.process.terminate()
        for name, unit in self.units.items():
            try:
                unit.process.wait(TIMEOUT_STOP)
            except subprocess.TimeoutExpired:
                unit.process.send_signal(signal.SIGABRT)  # Python then writes where each thread stands
                unit.process.wait()
                raise RuntimeError(f"{name} does not stop:\n{self._log(name).read_text(errors='replace')}") from None
            unit.channel.close()
        self.units.clear()

    def fault(self) -> str:
        """Wait for READY=1 and a first WATCHDOG=1 of each."""
        deadline = time.monotonic() + PATIENCE
        for name, unit in self.units.items():
            while not {"READY=1", "WATCHDOG=1"} <= unit.said:
                unit.listen()
                if unit.process.poll() is not None or time.monotonic() > deadline:
                    return f"{name}: {self._log(name).read_text(errors='replace')[-500:]}"
                time.sleep(0.05)
        return ""

    def forget(self, release: Release) -> None:
        remove_units(release, self._layout)

    def close(self) -> None:
        for unit in self.units.values():
            unit.process.send_signal(signal.SIGKILL)
            unit.process.wait()
            unit.channel.close()
        self._sockets.cleanup()

    def pids(self) -> dict[str, int]:
        return {name: unit.process.pid for name, unit in self.units.items()}

    def _start(self, name: str) -> Unit:
        address = f"{self._sockets.name}/{name}-{time.monotonic_ns()}"
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        channel.settimeout(0)
        channel.bind(address)
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                self._command(name), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment(address)
            )
        return Unit(process, channel)

    def _command(self, name: str) -> list[str]:
        unit = RawConfigParser(strict=False)
        unit.read(self._layout.units / name)
        program, *arguments = shlex.split(unit["Service"]["ExecStart"])
        return [str(self._layout.root / program.lstrip("/")), *arguments]

    def _environment(self, address: str) -> dict[str, str]:
        ours = {"EDGE_AGENT_CONFIG": str(self._layout.config), "NOTIFY_SOCKET": address, "PYTHONFAULTHANDLER": "1"}
        return {**os.environ, **ours}

    def _log(self, name: str) -> Path:
        return self._layout.root / f"{name}.log"
