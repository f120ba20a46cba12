"""The sync service: talks to the central server, and to nobody else. Everything else goes on when it is dead."""

from __future__ import annotations

import logging
import signal
import threading
from contextlib import ExitStack
from queue import Empty, SimpleQueue

from edge_agent.serve.agent import Agent, open_agent
from edge_agent.settings import Settings
from edge_agent.store.database import ChangeFeed
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.contract.messages import State
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.mqtt import CONNECT_SECONDS, Arrived, Connected, Connection, Disconnected, Event
from edge_agent.sync.session import Session, last_will
from edge_agent.sync.state import read_state

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
"""How soon a new fact is noticed."""


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with open_agent(settings) as agent:
        folder = IdentityFolder(settings.store.data_dir)
        identity = _wait_for_identity(folder, stopping)
        if identity is not None:
            with ExitStack() as stack:
                SyncService(agent, identity, folder, stopping, stack).run()


def _wait_for_identity(folder: IdentityFolder, stopping: threading.Event) -> Identity | None:
    told = False
    while (identity := folder.read()) is None:
        if not told:
            log.warning("this device has no centre yet; run: edge-agent provision --url URL --token TOKEN")
            told = True
        if stopping.wait(5.0):
            return None
    return identity


class SyncService:
    """Holds the tick, the connection and its session; all of them belong to the thread that calls `run`."""

    def __init__(
        self, agent: Agent, identity: Identity, folder: IdentityFolder, stopping: threading.Event, stack: ExitStack
    ) -> None:
        self._agent = agent
        self._identity = identity
        self._folder = folder
        self._stopping = stopping
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._reader = stack.enter_context(agent.reading())
        self._feed = ChangeFeed(agent.database)
        stack.callback(self._feed.close)
        self._dispatcher = Dispatcher(agent.writer, self._reader, self._publish_batch)
        self._verifier = identity.verifier()
        self._backoff = Backoff()
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._due = 0.0

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._tick(self._agent.clock.boottime())
        finally:
            if self._session is not None:
                self._session.say_goodbye()
            self._drop()
            self._dispatcher.persist(self._agent.clock.boottime(), force=True)
