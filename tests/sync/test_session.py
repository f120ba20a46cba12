"""An agent's session against the real ingest, over a network that loses, repeats and reorders; time is the test's."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.central import registry
from edge_agent.central.ingest import Arrival, Ingest
from edge_agent.central.sqlite import SqliteDatabase
from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import AlarmCleared, SyncForked
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.model.stamp import instant
from edge_agent.store.database import connect
from edge_agent.store.documents import save_roster
from edge_agent.store.facts import fact_id, place, read_facts, read_head
from edge_agent.store.outbox import Backlog, find_acked, find_link, list_countersignatures, next_document, read_backlog
from edge_agent.store.setup import HighWater, new_epoch, prepare
from edge_agent.store.training import save_class, save_trainees
from edge_agent.store.writer import Writer
from edge_agent.sync.contract.batch import decode_batch
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import FactsAck, Result, State
from edge_agent.sync.contract.signing import Purpose, Signed, Signer, Verifier
from edge_agent.sync.contract.topics import Address, Channel
from edge_agent.sync.dispatch import Dispatcher
from edge_agent.sync.documents import DocumentSender
from edge_agent.sync.session import Session
from tests.sync import witness
from tests.sync.world import NOW

ADDRESS = Address("jinan", "ea-1")
CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
VERIFIER = Verifier([CENTRE.public])


class _Text(msgspec.Struct):
    """Content that no message of the contract has."""

    tenant: str = "jinan"
    agent: str = "ea-1"
    epoch: int = 1
    upto: Any = None
    of: str = "facts"
    id: Any = None
    args: Any = None


_anything = st.builds(
    _Text,
    epoch=st.integers(-1, 1 << 30),
    upto=st.none() | st.integers(-5, 1 << 62) | st.text(max_size=5),
    of=st.sampled_from(["facts", "document", "", "x"]),
    id=st.none() | st.text(max_size=3),
    args=st.none() | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


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


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path / "device" / "edge_agent.db", SettableClock(NOW))
    yield venue
    venue.close()


@pytest.fixture
def network(venue: Venue, tmp_path: Path) -> Iterator[Network]:
    with closing(Network(venue, tmp_path / "central.db")) as network:
        yield network


def test_what_was_written_before_and_during_arrives_in_order(venue: Venue, network: Network) -> None:
    venue.write(1234)
    network.run(2.0)
    venue.write(321)
    network.finish()
    assert network.stored() == venue.bodies()
    assert find_acked(venue.reader) == fact_id(1, 1556)


@pytest.mark.parametrize("seed", range(4))
def test_losses_repeats_and_disorder_cost_time_only(venue: Venue, tmp_path: Path, seed: int) -> None:
    venue.write(3000)
    with closing(Network(venue, tmp_path / "central.db", loss=0.3, repeats=0.2, seed=seed)) as network:
        network.run(20.0)
        network.connect()
        network.finish()
        assert network.stored() == venue.bodies()
        assert network.quarantined() == []


def test_the_countersignature_of_the_head_is_kept_and_verifies(venue: Venue, network: Network) -> None:
    venue.write(10)
    network.finish()
    (kept,) = list_countersignatures(venue.reader, since=fact_id(1, 3), until=fact_id(2, 0))
    VERIFIER.verify(Purpose.ACK, Signed(kept.payload, kept.key, kept.signature))
    assert f'"upto":{place(kept.id)[1]},"head":"{read_head(venue.reader).link.hex()}"' in kept.payload


def test_countersignatures_are_kept_a_minute_apart(venue: Venue, network: Network) -> None:
    for _ in range(30):
        venue.write(1)
        network.run(10.0)
    (kept,) = venue.reader.execute("SELECT count(*) FROM countersignatures").fetchone()
    assert 5 <= kept <= 7


def test_a_black_hole_costs_a_few_hellos_and_no_facts(venue: Venue, network: Network) -> None:
    network.deaf = True
    venue.write(5000)
    network.run(3600.0, step=5.0)
    assert network.sent <= 20


def test_a_centre_that_falls_silent_is_probed_ever_less_often(venue: Venue, network: Network) -> None:
    network.run(2.0)
    network.deaf = True
    venue.write(100_00)
    network.run(5.0)
    before = network.sent
    assert before <= 110
    network.run(3600.0, step=5.0)
    assert network.sent - before <= 80  # a state a minute and the probes
    network.deaf = False
    network.finish()
    assert network.stored() == venue.bodies()


def test_a_centre_restored_from_a_backup_gets_everything_again(venue: Venue, network: Network, tmp_path: Path) -> None:
    venue.write(500)
    network.finish()
    with (
        closing(sqlite3.connect(tmp_path / "backup.db")) as backup,
        closing(sqlite3.connect(tmp_path / "central.db")) as source,
    ):
        source.backup(backup)
    venue.write(500)
    network.finish()
    with closing(Network(venue, tmp_path / "backup.db")) as restored:
        restored.finish()
        assert restored.stored() == venue.bodies()
        assert restored.quarantined() == []
    with closing(Network(venue, tmp_path / "empty.db")) as empty:
        empty.finish()
        assert empty.stored() == venue.bodies()


@pytest.mark.parametrize("written_since", [0, 40, 700])
def test_a_device_restored_from_a_backup_begins_an_epoch_and_loses_nothing(
    venue: Venue, network: Network, tmp_path: Path, written_since: int
) -> None:
    venue.write(300)
    network.finish()
    with closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        venue.reader.backup(backup)
    venue.write(300, word="lost ")
    network.finish()
    first_life = venue.bodies()
    venue.close()
    shutil.copy(tmp_path / "backup.db", tmp_path / "device" / "restored.db")
    venue.open(tmp_path / "device" / "restored.db")
    venue.write(written_since, word="after ")
    orphans = venue.bodies()[301:]
    network.connect()
    network.finish()
    venue.write(5, word="at last ")
    network.finish()
    head = read_head(venue.reader)
    assert head.epoch == 2
    new_epoch = [fact.body for fact in read_facts(venue.reader, after=fact_id(2, 0))]
    assert network.stored() == first_life + new_epoch
    assert set(orphans) <= set(network.quarantined())
    assert place(find_acked(venue.reader)) == (2, head.seq)


def test_a_fork_is_said_on_the_record(venue: Venue, network: Network, tmp_path: Path) -> None:
    venue.write(50)
    network.finish()
    twin = Venue(tmp_path / "twin" / "edge_agent.db", venue.clock)
    twin.write(80, word="twin ")
    with closing(Network(twin, tmp_path / "central.db")) as other:
        other.finish()
        (fork,) = read_facts(twin.reader, kinds=(SyncForked.KIND,))
        assert fork.data["theirs"] != fork.data["ours"]
        assert set(twin.bodies()[1:81]) <= set(other.quarantined())
    twin.close()


def test_a_word_that_nobody_signed_moves_nothing(venue: Venue, network: Network) -> None:
    venue.write(10)
    liar = Signer(Ed25519PrivateKey.generate())
    head = read_head(venue.reader)
    ack = FactsAck(
        tenant="jinan", agent="ea-1", epoch=1, upto=head.seq, head=head.link.hex(), at=NOW, re=network.session.id
    )
    for message in (
        liar.seal(Purpose.ACK, ack),
        CENTRE.seal(Purpose.GAP, ack),
        b"{}",
        CENTRE.seal(Purpose.ACK, FactsAck(tenant="x", agent="ea-1", epoch=1, upto=5, head="0" * 64, at=NOW)),
    ):
        network.session.receive(Channel.ACK, message, 0.0)
    assert not network.dispatcher.greeted
    assert network.dispatcher.acked == 0


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    channel=st.sampled_from([Channel.ACK, Channel.GAP, Channel.CMD]),
    message=st.binary(max_size=300) | st.builds(CENTRE.seal, st.sampled_from(Purpose), _anything),
)
def test_no_bytes_of_anybody_end_a_session(venue: Venue, network: Network, channel: Channel, message: bytes) -> None:
    """Not even what the centre itself has signed, for whatever purpose and with whatever content."""
    acked = network.dispatcher.acked
    network.session.receive(channel, message, venue.clock.boottime())
    assert network.dispatcher.acked == acked


def test_an_old_word_that_is_replayed_moves_nothing_back(venue: Venue, network: Network) -> None:
    venue.write(300)
    network.finish()
    old = venue.word(100)
    venue.write(300, word="b")
    network.finish()
    acked = network.dispatcher.acked
    network.session.receive(Channel.ACK, old, venue.clock.boottime())
    network.run(5.0)
    assert network.dispatcher.acked == acked
    assert network.stored() == venue.bodies()


def test_a_kill_loses_at_most_a_second_of_acknowledgements(venue: Venue, network: Network) -> None:
    venue.write(1000)
    network.run(10.0)
    assert find_acked(venue.reader) == network.dispatcher.acked == fact_id(1, 1001)
    network.connect()  # as after a kill: only the database is left
    venue.write(10)
    network.finish()
    assert network.stored() == venue.bodies()


def test_the_backlog_counts_every_epoch_and_names_its_oldest(venue: Venue) -> None:
    venue.write(9)
    old = read_head(venue.reader)
    venue.clock.advance(60)
    venue.writer.run(lambda tx: new_epoch(tx, HighWater(old.agent, 1, 50, "00" * 32), cause="restored"))
    venue.write(3)
    assert read_backlog(venue.reader, fact_id(1, 4)) == Backlog(6 + 4, instant(NOW))
    assert read_backlog(venue.reader, fact_id(1, 10)) == Backlog(4, instant(NOW + timedelta(seconds=60)))
    assert read_backlog(venue.reader, fact_id(2, 4)) == Backlog(0, None)


def test_a_roster_made_at_the_venue_goes_as_a_document_once(venue: Venue, tmp_path: Path) -> None:
    training_class = TrainingClass("c1", "JN-1", "焊工", "technical", NOW.date(), NOW.date(), 40)
    venue.writer.run(lambda tx: save_class(tx, training_class, by="a"))
    venue.writer.run(lambda tx: save_trainees(tx, [Trainee("t1", "c1", "王伟", "370102199003071234")]))
    document = venue.writer.run(lambda tx: save_roster(tx, "c1", by="a"))
    with closing(Network(venue, tmp_path / "central.db", loss=0.4)) as network:
        network.run(300.0)
        with network.database.read() as tx:
            assert tx.rows("SELECT id, body FROM documents") == [(document.id, document.body)]
        assert next_document(venue.reader) is None
    assert all("王伟".encode() not in body for body in venue.bodies())
