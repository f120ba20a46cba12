"""An agent's session against the real ingest, over a network that loses, repeats and reorders; time is the test's."""

from __future__ import annotations

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

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import SyncForked
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.model.stamp import instant
from edge_agent.store.documents import save_roster
from edge_agent.store.facts import fact_id, place, read_facts, read_head
from edge_agent.store.outbox import Backlog, find_acked, list_countersignatures, next_document, read_backlog
from edge_agent.store.setup import HighWater, new_epoch
from edge_agent.store.training import save_class, save_trainees
from edge_agent.sync.contract.messages import FactsAck
from edge_agent.sync.contract.signing import Purpose, Signed, Signer
from edge_agent.sync.contract.topics import Channel
from tests.sync.network import CENTRE, VERIFIER, Network, Venue
from tests.sync.world import NOW


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
