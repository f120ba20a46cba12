"""One connection's conversation with the centre: hello, facts, acknowledgements, states.

The owner's thread hands it events and calls `tick`; nothing here waits.
"""

from __future__ import annotations

import logging
import secrets
from typing import Protocol

import msgspec

from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.messages import DocumentAck, FactsAck, Gap, Result, State, read_ack
from edge_agent.sync.contract.signing import Purpose, Verifier, read_signed
from edge_agent.sync.contract.topics import Address, Channel
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.documents import DocumentSender

log = logging.getLogger(__name__)

HELLO_SECONDS, LONGEST_HELLO_SECONDS = 5.0, 300.0
"""Pauses between hellos that nobody answers, doubled each time: a dead centre costs next to nothing."""

STATE_SECONDS = 60.0
LOOK_SECONDS = 1.0
"""How often finished commands and new documents are looked for."""


class Publisher(Protocol):
    def publish(self, channel: Channel, message: bytes, *, retain: bool = False) -> None: ...


def new_session_id() -> str:
    return secrets.token_hex(8)


def last_will(session: str) -> bytes:
    return msgspec.json.encode(State(online=False, session=session))


class Commands(Protocol):
    """Takes a command and gives its answer; `poll` gives those that took longer."""

    def receive(self, message: bytes) -> Result: ...

    def poll(self) -> list[Result]: ...


class StateReader(Protocol):
    def __call__(self, session: str, *, hello: bool) -> State: ...


class Session:
    """From CONNACK to the loss of the connection. `state` gives what is told of the device."""

    def __init__(
        self,
        identifier: str,
        address: Address,
        *,
        dispatcher: Dispatcher,
        verifier: Verifier,
        publisher: Publisher,
        state: StateReader,
        commands: Commands,
        documents: DocumentSender,
        sealed: bool = False,
    ) -> None:
        self.id = identifier
        self._address = address
        self._dispatcher = dispatcher
        self._verifier = verifier
        self._publisher = publisher
        self._state = state
        self._commands = commands
        self._documents = documents
        self._sealed = sealed
        self._state_due = 0.0
        self._hello_due = 0.0
        self._look_due = 0.0
        self._hello_pause = HELLO_SECONDS
        dispatcher.connected()
        documents.connected()

    @property
    def heard(self) -> bool:
        """Whether the centre answers: it said where it stands, and owes no answer since."""
        return self._dispatcher.greeted and not self._dispatcher.probing

    def receive(self, channel: Channel, message: bytes, now: float) -> None:
        """Take a message of the centre; one that can't be believed is dropped."""
        try:
            if channel is Channel.ACK:
                self._on_ack(message, now)
            elif channel is Channel.CMD:
                self.answer(self._commands.receive(message))
            elif channel is Channel.GAP:
                gap = self._verifier.open(Purpose.GAP, message, Gap)
                if self._is_ours(gap):
                    self._dispatcher.on_gap(gap, now)
        except RefusedError as error:
            log.warning("a message on %s was dropped: %s", channel, error)

    def tick(self, now: float) -> None:
        """Send what is due."""
        if not self._dispatcher.greeted:
            if now >= self._hello_due:
                self._hello_due = now + self._hello_pause
                self._hello_pause = min(self._hello_pause * 2, LONGEST_HELLO_SECONDS)
                self._publish_state(now, hello=True)
        elif now >= self._state_due:
            self._publish_state(now, hello=False)
        self._dispatcher.pump(now)
        self._dispatcher.persist(now)
        if self._dispatcher.greeted and now >= self._look_due:
            self._look_due = now + LOOK_SECONDS
            for result in self._commands.poll():
                self.answer(result)
            if not self._sealed:  # a sealed venue keeps its people's names to itself
                self._documents.pump(now)

    def answer(self, result: Result) -> None:
        self._publisher.publish(Channel.RES, msgspec.json.encode(result))

    def say_goodbye(self) -> None:
        """An orderly end has no Last Will: say it ourselves."""
        self._publisher.publish(Channel.STATE, last_will(self.id), retain=True)

    def _on_ack(self, message: bytes, now: float) -> None:
        signed = read_signed(message)
        self._verifier.verify(Purpose.ACK, signed)
        ack = read_ack(signed.payload)
        if not self._is_ours(ack):
            return
        if isinstance(ack, FactsAck):
            hello = ack.re == self.id
            if hello:
                self._hello_pause = HELLO_SECONDS
            self._dispatcher.on_ack(ack, signed, now, hello=hello)
        else:
            self._documents.on_ack(ack)

    def _is_ours(self, message: FactsAck | DocumentAck | Gap) -> bool:
        return Address(message.tenant, message.agent) == self._address

    def _publish_state(self, now: float, *, hello: bool) -> None:
        self._state_due = now + STATE_SECONDS
        self._publisher.publish(Channel.STATE, msgspec.json.encode(self._state(self.id, hello=hello)), retain=True)
