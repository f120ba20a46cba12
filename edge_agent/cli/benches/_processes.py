"""Programs that a bench starts, and what the kernel says of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import DeviceError
from edge_agent.simulator.process import find_program, free_port, listens

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 30.0


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    """Start mosquitto on a free loopback port; give the port."""
    program = find_program("mosquitto")
    if program is None:
        raise DeviceError("mosquitto is not installed.", do="Run: apt install mosquitto, or name a broker: --mqtt URL")
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nuser root\nsys_interval 1\n"
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)  # noqa: S603 - found above
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def program(
    *arguments: str, data: Path | None = None, config: Path | None = None, module: str = "edge_agent"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module with our own interpreter until the block ends; `data` is its data folder, `config` its file."""
    environment = [f"EDGE_AGENT_STORE__DATA_DIR={data}"] if data else []
    environment += [f"EDGE_AGENT_CONFIG={config}"] if config else []
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        ["/usr/bin/env", *environment, sys.executable, "-m", module, *arguments], stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that came to its end: `peak` is the most memory it held, in MB, `seconds` from start to end."""

    code: int
    seconds: float
    peak: float


# A small process starts the command: the kernel counts what the parent held at the fork among the child's own peak.
_MEASURE = """
import os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - began, used.ru_maxrss / 1024)
"""


def measured(*arguments: str, data: Path) -> Ran:
    """Run a command of ours to its end, its output thrown away."""
    command = ["/usr/bin/env", f"EDGE_AGENT_STORE__DATA_DIR={data}", sys.executable, "-m", "edge_agent", *arguments]
    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _MEASURE, *command], stdout=subprocess.PIPE, check=True, text=True
    ).stdout
    code, seconds, peak = said.split()
    return Ran(int(code), float(seconds), float(peak))


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + _PATIENCE
    while not listens(port):
        if time.monotonic() > deadline:
            raise DeviceError(f"Nothing listens on port {port} after {_PATIENCE:.0f} s.", do="Run the bench again.")
        time.sleep(0.02)


def cpu_seconds(pid: int) -> float:
    """Give user and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mb(pid: int) -> float:
    """Give the most memory that a process has had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def pss_mb(pid: int) -> float:
    """Give a process's share of the memory: what several map counts once, among them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1024
