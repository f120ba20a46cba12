"""The centre: a receiver on the broker and the HTTP side of it, in one process; any number of them run side by side."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path

from edge_agent.central.database import Database, open_database
from edge_agent.central.ingest import Ingest
from edge_agent.central.keys import signing_key
from edge_agent.central.worker import Worker
from edge_agent.clock import Clock, SystemClock, host_keeps_time


@dataclass(frozen=True, slots=True)
class Config:
    """Where everything is: `database` and `mqtt` are addresses, `keys` the folder of the centre's own keys."""

    database: str
    mqtt: str
    keys: Path
    ca: str | None = None


class Centre:
    """What one process of the centre holds."""

    def __init__(self, config: Config, *, clock: Clock | None = None) -> None:
        self.clock = clock or SystemClock(kernel=host_keeps_time)
        self.signer = signing_key(config.keys)
        self.database: Database = open_database(config.database)
        self.worker = Worker(config.mqtt, Ingest(self.database, self.signer), self.clock, ca=config.ca)

    def start(self) -> None:
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop()
        self.database.close()


def run(config: Config) -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    centre = Centre(config)
    centre.start()
    stopping.wait()
    centre.stop()
