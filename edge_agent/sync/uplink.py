"""Keeps a connection to the broker: connects, gives up on what does not answer, waits, tries again.

One thread calls `step` again and again; between two calls nothing is lost, because events wait in a queue.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from edge_agent.errors import EdgeAgentError
from edge_agent.store.outages import What
from edge_agent.sync.backoff import Backoff
from edge_agent.sync.contract.topics import Channel
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.mqtt import CONNECT_SECONDS, Arrived, Connected, Connection, Event
from edge_agent.sync.outage import cause_of
from edge_agent.sync.routes import NetworkSign
from edge_agent.sync.session import Session, last_will, new_session_id

log = logging.getLogger(__name__)

_BURST = 200
"""Events taken before the tick's other work has its turn."""


@dataclass(slots=True)
class _Attempt:
    connection: Connection
    session_id: str
    began: float


class Uplink:
    """`start_session` makes the conversation of a connection that came about."""

    def __init__(
        self,
        identity: Identity,
        folder: IdentityFolder,
        start_session: Callable[[str], Session],
    ) -> None:
        self._identity = identity
        self._folder = folder
        self._start_session = start_session
        self._events: SimpleQueue[tuple[Connection, Event]] = SimpleQueue()
        self._backoff = Backoff()
        self._network = NetworkSign()
        self._attempt: _Attempt | None = None
        self._session: Session | None = None
        self._due = 0.0
        self._said = ""
        self._cause: What = "network"

    @property
    def trouble(self) -> tuple[What, str] | None:
        """Give what keeps the centre away, and the last words about it; None while it answers."""
        if self._session is None:
            return self._cause, self._said
        return None if self._session.heard else ("centre", "")

    @property
    def online(self) -> bool:
        return self._session is not None

    def publish(self, channel: Channel, message: bytes, *, retain: bool = False) -> None:
        """Hand a message to the broker's client; without a connection it is dropped, and sent again later."""
        if self._attempt is not None:
            self._attempt.connection.publish(channel, message, retain=retain)

    def step(self, now: float, timeout: float) -> None:
        """Wait for events up to `timeout` seconds, take them, and do what is due at `now`."""
        try:
            self._take(*self._events.get(timeout=timeout), now)
            for _ in range(_BURST):
                self._take(*self._events.get_nowait(), now)
        except Empty:
            pass
        if self._session is not None:
            self._session.tick(now)
        elif self._attempt is None:
            soon = self._network.came_up(now)
            if soon is not None:
                self._due = min(self._due, now + soon)
            if now >= self._due:
                self._connect(now)
        elif now - self._attempt.began > CONNECT_SECONDS:
            self._fail("it takes connections and does not answer", "broker", now)

    def close(self) -> None:
        """End in order: the retained state says so."""
        if self._session is not None:
            self._session.say_goodbye()
        self._drop()

    def _connect(self, now: float) -> None:
        session_id = new_session_id()
        try:
            connection = Connection(self._identity, self._folder, self._events, will=last_will(session_id))
            self._attempt = _Attempt(connection, session_id, now)
            connection.open()
        except (OSError, ValueError, EdgeAgentError) as error:
            self._fail(str(error), cause_of(error), now)

    def _take(self, connection: Connection, event: Event, now: float) -> None:
        attempt = self._attempt
        if attempt is None or connection is not attempt.connection:
            return  # the last words of a connection that was given up
        if isinstance(event, Connected):
            log.info("connected to the broker")
            self._said = ""
            self._backoff.succeeded()
            self._session = self._start_session(attempt.session_id)
        elif isinstance(event, Arrived):
            if self._session is not None:
                self._session.receive(event.channel, event.payload, now)
        else:
            self._fail(event.reason, "broker", now)

    def _fail(self, reason: str, cause: What, now: float) -> None:
        self._drop()
        self._cause = cause
        self._due = now + self._backoff.pause(now)
        if reason != self._said:
            self._said = reason
            log.warning("no connection to the broker: %s", reason)

    def _drop(self) -> None:
        attempt, self._attempt, self._session = self._attempt, None, None
        if attempt is not None:
            attempt.connection.close()
