"""The sync service: talks to the central server, and to nobody else. Everything else goes on when it is dead."""

from __future__ import annotations

import logging

from edge_agent import __version__
from edge_agent.model.kinds.system import ServiceStarted, ServiceStopped
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.sync.contract.messages import State
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.session import Session
from edge_agent.sync.state import read_state
from edge_agent.sync.uplink import Uplink

log = logging.getLogger(__name__)

TICK_SECONDS = 0.2
"""How soon a new fact is noticed."""


class Sync:
    """One device's connection and what travels over it; all of it belongs to the ticking thread."""

    def __init__(self, agent: Agent, identity: Identity, folder: IdentityFolder) -> None:
        self._agent = agent
        self._identity = identity
        self._reader = agent.connect()
        self._verifier = identity.verifier()
        self._uplink = Uplink(identity, folder, self._start_session)
        self._dispatcher = Dispatcher(agent.writer, self._reader, self._publish_batch)

    def tick(self) -> None:
        """Take what arrives and send what is due, until the next tick is."""
        now = self._agent.clock.boottime()
        end = now + TICK_SECONDS
        while now < end:
            self._uplink.step(now, end - now)
            now = self._agent.clock.boottime()

    def close(self) -> None:
        self._uplink.close()
        self._dispatcher.persist(self._agent.clock.boottime(), force=True)
        self._reader.close()

    def _publish_batch(self, message: bytes) -> None:
        self._uplink.publish(Channel.EV, message)

    def _start_session(self, identifier: str) -> Session:
        return Session(
            identifier,
            self._identity.address,
            dispatcher=self._dispatcher,
            verifier=self._verifier,
            publisher=self._uplink,
            state=self._state,
        )

    def _state(self, session: str, *, hello: bool) -> State:
        return read_state(self._reader, self._agent.clock, self._dispatcher.acked, session, hello=hello)


class Unprovisioned:
    """Waits for `edge-agent provision`: nothing is sent, nothing is lost."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._folder = IdentityFolder(agent.settings.store.data_dir)
        self._sync: Sync | None = None
        self._told = False

    def tick(self) -> None:
        if self._sync is not None:
            self._sync.tick()
        elif (identity := self._folder.read()) is not None:
            self._sync = Sync(self._agent, identity, self._folder)
        elif not self._told:
            self._told = True
            log.warning("no centre is known yet; run: edge-agent provision --url URL --token TOKEN")

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    with open_agent(settings) as agent:
        agent.writer.append(ServiceStarted(service="sync", version=__version__))
        service = Unprovisioned(agent)
        Ticker(service.tick, interval=TICK_SECONDS).run()
        agent.writer.append(ServiceStopped(service="sync"))
        service.close()
