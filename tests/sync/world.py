"""A device and a centre for tests: their folders, keys and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.central import registry
from edge_agent.central.database import Database
from edge_agent.central.keys import signing_key
from edge_agent.serve.agent import prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.store.database import connect
from edge_agent.store.outbox import find_acked
from edge_agent.sync.contract.signing import Signer
from edge_agent.sync.contract.topics import Address
from edge_agent.sync.identity import Identity, IdentityFolder
from tests.data import ROOT

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PATIENCE = 30.0


def eventually(what: Callable[[], bool], *, seconds: float = PATIENCE) -> bool:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Device:
    """An agent's data folder, provisioned by hand."""

    def __init__(self, root: Path, name: str = "ea-1", *, tenant: str = "jinan") -> None:
        self.root = root
        self.settings = Settings(agent=name, store=Store(data_dir=root))
        self.address = Address(tenant, name)
        self.folder = IdentityFolder(root)
        prepare_agent(self.settings)

    @property
    def signer(self) -> Signer:
        return self.folder.signer()

    @property
    def acked(self) -> int:
        connection = connect(self.settings.store.database, readonly=True)
        try:
            return find_acked(connection)
        finally:
            connection.close()

    def provision(self, database: Database, keys: Path, mqtt: str, http: str = "http://127.0.0.1:1") -> Identity:
        """Make the device and the centre know each other."""
        identity = Identity(
            tenant=self.address.tenant,
            agent=self.address.agent,
            mqtt=mqtt,
            http=http,
            keys=[signing_key(keys).public.public_bytes_raw().hex()],
        )
        self.folder.write(identity)
        with database.write() as tx:
            registry.enrol(
                tx, self.address, public=self.signer.public.public_bytes_raw().hex(), venue="一号教室", now=NOW
            )
        return identity


@dataclass(frozen=True, slots=True)
class Program:
    """A running `edge-agent` command."""

    process: subprocess.Popen[str]
    log: Path

    def kill(self) -> None:
        """SIGKILL: nothing is written down, nobody is told."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def program(log: Path, *arguments: str, module: str = "edge_agent", **environment: str) -> Iterator[Program]:
    """Run `edge-agent ARGUMENTS`, or another module, until the block ends; what it says goes to `log`."""
    with log.open("a") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
        )
    running = Program(process, log)
    try:
        yield running
    finally:
        running.stop()
