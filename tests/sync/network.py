"""A venue, the real ingest, and a network between them that loses, repeats and reorders; time is the test's."""

from __future__ import annotations

import random
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.central import registry
from edge_agent.central.ingest import Arrival, Ingest
from edge_agent.central.sqlite import SqliteDatabase
from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import AlarmCleared
from edge_agent.store.database import connect
from edge_agent.store.facts import fact_id, place, read_facts
from edge_agent.store.outbox import find_link, read_backlog
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer
from edge_agent.sync.contract.batch import decode_batch
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import FactsAck, Result, State
from edge_agent.sync.contract.signing import Purpose, Signer, Verifier
from edge_agent.sync.contract.topics import Address, Channel
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.documents import DocumentSender
from edge_agent.sync.session import Session
from tests.sync import witness
from tests.sync.world import NOW

ADDRESS = Address("jinan", "ea-1")
CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
VERIFIER = Verifier([CENTRE.public])


class Venue:
    """A device's database and dispatcher, without a network."""

    def __init__(self, path: Path, clock: SettableClock) -> None:
        prepare(path, clock, agent=ADDRESS.agent)
        self.clock = clock
        self.open(path)

    def open(self, path: Path) -> None:
        self.path = path
        self.writer = Writer(path, self.clock)
        self.reader = connect(path, readonly=True)

    def close(self) -> None:
        self.writer.close()
        self.reader.close()

    def write(self, count: int, *, word: str = "a") -> None:
        self.writer.append(*(AlarmCleared(alarm=f"{word}{number}") for number in range(count)))

    def bodies(self) -> list[bytes]:
        return [fact.body for fact in read_facts(self.reader)]

    def word(self, upto: int) -> bytes:
        """What the centre said when it had the facts up to `upto`."""
        link = find_link(self.reader, fact_id(1, upto))
        assert link is not None
        ack = FactsAck(tenant="jinan", agent="ea-1", epoch=1, upto=upto, head=link.hex(), at=NOW)
        return CENTRE.seal(Purpose.ACK, ack)


class NoCommands:
    """Their desk has tests of its own."""

    def receive(self, message: bytes) -> Result:
        raise RefusedError(Code.UNSUPPORTED, f"{len(message)} bytes")

    def poll(self) -> list[Result]:
        return []


class Network:
    """Between a venue and the centre. `loss` and `repeats` are chances; what is on its way arrives in any order."""

    def __init__(self, venue: Venue, central: Path, *, loss: float = 0.0, repeats: float = 0.0, seed: int = 1) -> None:
        self.venue = venue
        self.database = SqliteDatabase(central)
        with self.database.write() as tx:
            registry.enrol(tx, ADDRESS, public="00" * 32, venue="", now=NOW)
        self.ingest = Ingest(self.database, CENTRE)
        self.loss, self.repeats = loss, repeats
        self.sent = 0
        self.deaf = False
        self._random = random.Random(seed)  # noqa: S311 - a network, not a secret
        self._wire: list[tuple[Channel, bytes]] = []
        self._sessions = 0
        self.connect()

    def connect(self) -> None:
        self._wire.clear()
        self._sessions += 1
        self.dispatcher = Dispatcher(
            self.venue.writer, self.venue.reader, lambda message: self.publish(Channel.EV, message)
        )
        self.session = Session(
            f"session-{self._sessions}",
            ADDRESS,
            dispatcher=self.dispatcher,
            verifier=VERIFIER,
            publisher=self,
            state=self._state,
            commands=NoCommands(),
            documents=DocumentSender(
                self.venue.writer, self.venue.reader, lambda message: self.publish(Channel.DOC, message)
            ),
        )

    def publish(self, channel: Channel, message: bytes, *, retain: bool = False) -> None:
        del retain
        self.sent += 1
        witness.check(ADDRESS.topic(channel), message, lines=1)
        for _ in range(1 + (self._random.random() < self.repeats)):
            if self._random.random() >= self.loss:
                self._wire.append((channel, message))

    def run(self, seconds: float, *, step: float = 0.5) -> None:
        for _ in range(int(seconds / step)):
            self.venue.clock.advance(step)
            self.session.tick(self.venue.clock.boottime())
            self._deliver()

    def finish(self, *, limit: float = 3600.0) -> None:
        """Run until the centre has acknowledged everything."""
        for _ in range(int(limit)):
            self.run(1.0)
            if self.dispatcher.greeted and read_backlog(self.venue.reader, self.dispatcher.acked).count == 0:
                self.dispatcher.persist(self.venue.clock.boottime(), force=True)
                return
        raise AssertionError(f"stuck at {place(self.dispatcher.acked)}")

    def stored(self) -> list[bytes]:
        with self.database.read() as tx:
            return [body for (body,) in tx.rows("SELECT body FROM facts ORDER BY place")]

    def quarantined(self) -> list[bytes]:
        with self.database.read() as tx:
            messages = tx.rows("SELECT message FROM quarantine ORDER BY id")
        return [body for (message,) in messages for body in decode_batch(message).bodies]

    def close(self) -> None:
        self.database.close()

    def _deliver(self) -> None:
        arrived, self._wire = self._wire, []
        self._random.shuffle(arrived)
        if self.deaf:
            return
        now = self.venue.clock.stamp().wall
        replies = self.ingest.take([Arrival(ADDRESS, *message) for message in arrived], now)
        replies += self.ingest.ask_for_missing(now)
        for reply in replies:
            witness.check(reply.address.topic(reply.channel), reply.message)
            if self._random.random() >= self.loss:
                self.session.receive(reply.channel, reply.message, self.venue.clock.boottime())

    def _state(self, session: str, *, hello: bool) -> State:
        return State(online=True, session=session, hello=hello)
