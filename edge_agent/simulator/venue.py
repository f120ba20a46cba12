"""A whole venue in one folder: an agent's configuration and data, and the processes of a story, each started and ended.

The venue's configuration becomes the only one of this process and its children, so that a demonstration on a device
in use touches nothing of it.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from edge_agent.settings import Settings, load_settings, use_alone
from edge_agent.simulator.process import Process, find_program, free_port, listens

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
        program = find_program("mosquitto")
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
