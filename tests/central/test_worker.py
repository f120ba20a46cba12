"""A receiver at a real broker: what it says when it comes, and what it outlives."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.central import registry
from edge_agent.central.addresses import open_database
from edge_agent.central.broker import Broker
from edge_agent.central.database import Database
from edge_agent.central.digest.digester import Digester
from edge_agent.central.ingest import Arrival, Ingest
from edge_agent.central.worker import Worker
from edge_agent.clock import SettableClock
from edge_agent.sync.contract.messages import FactsAck, State, read_ack
from edge_agent.sync.contract.signing import Signer, read_signed
from edge_agent.sync.contract.topics import Address, Channel
from tests.servers import Mosquitto
from tests.sync.journal import Journal
from tests.sync.world import NOW, eventually

ADDRESS = Address("jinan", "ea-1")
CENTRE = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))


class Speaker:
    """Speaks as an agent, and hears what the centre answers."""

    def __init__(self, port: int) -> None:
        self.heard: list[FactsAck] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = lambda _client, _data, message: self._hear(bytes(message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert eventually(self._client.is_connected)
        self._client.subscribe(ADDRESS.topic(Channel.ACK), qos=1)

    def say(self, topic: str, message: bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, message, qos=1, retain=retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, message: bytes) -> None:
        ack = read_ack(read_signed(message).payload)
        assert isinstance(ack, FactsAck)
        self.heard.append(ack)


@pytest.fixture
def speaker(mosquitto: Mosquitto) -> Iterator[Speaker]:
    speaker = Speaker(mosquitto.port)
    yield speaker
    speaker.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_database(str(tmp_path / "central.db"))
    with database.write() as tx:
        registry.enrol(tx, ADDRESS, public="00" * 32, venue="", now=NOW)
    yield database
    database.close()


@pytest.fixture
def worker(mosquitto: Mosquitto, database: Database) -> Worker:
    return Worker(Broker(f"mqtt://127.0.0.1:{mosquitto.port}"), Ingest(database, CENTRE), SettableClock(NOW))


def _online(database: Database) -> list[int]:
    with database.read() as tx:
        return [online for (online,) in tx.rows("SELECT online FROM agents")]


def test_who_is_there_when_a_worker_comes_is_told_at_once_where_the_centre_stands(
    speaker: Speaker, worker: Worker, database: Database
) -> None:
    """Else an agent would wait for its own next question, minutes after a long outage of the centre."""
    state = msgspec.json.encode(State(online=True, session="s9"))
    speaker.say(ADDRESS.topic(Channel.STATE), state, retain=True)
    worker.start()
    assert eventually(lambda: {ack.re for ack in speaker.heard} == {"s9"})  # mosquitto 2.0 tells a group too
    assert _online(database) == [1]
    worker.stop()
    speaker.say(ADDRESS.topic(Channel.STATE), b"", retain=True)


def test_who_has_gone_while_no_worker_was_there_is_known_to_be_gone(
    speaker: Speaker, worker: Worker, database: Database
) -> None:
    with database.write() as tx:
        known = msgspec.json.encode(State(online=True, session="s1")).decode()
        tx.run("UPDATE agents SET online = 1, state = %s", (known,))
    state = msgspec.json.encode(State(online=False, session="s2"))
    speaker.say(ADDRESS.topic(Channel.STATE), state, retain=True)
    worker.start()
    assert eventually(lambda: _online(database) == [0])
    worker.stop()
    speaker.say(ADDRESS.topic(Channel.STATE), b"", retain=True)


GARBAGE = [
    ("v1/jinan/ea-1/ev", b"\xff\x00garbage"),
    ("v1/jinan/ea-1/ev", b""),
    ("v1/jinan/ea-1/doc", b"\x28\xb5\x2f\xfd torn"),
    ("v1/jinan/ea-1/res", b'{"id": 7}'),
    ("v1/jinan/ea-1/state", b"[" * 10_000),
    ("v1/jinan/ea-1/state", '{"online":true,"session":"\ud800"}'.encode("utf-8", "surrogatepass")),
    ("v1/jinan/nobody/ev", Journal("nobody").grow(1).batch(1, 1)),
    ("v1/other/ea-1/ev", Journal().grow(1).batch(1, 1)),
    ("v1/jinan/ea-1/ev", Journal("ea-2").grow(1).batch(1, 1)),
]


def test_garbage_on_every_topic_stops_nothing_behind_it(speaker: Speaker, worker: Worker, database: Database) -> None:
    worker.start()
    hello = msgspec.json.encode(State(online=True, session="s1", hello=True))

    def greeted() -> bool:
        speaker.say(ADDRESS.topic(Channel.STATE), hello)
        return bool(speaker.heard)

    assert eventually(greeted)
    for topic, message in GARBAGE:
        speaker.say(topic, message)
    speaker.say(ADDRESS.topic(Channel.EV), Journal().grow(3).batch(1, 3))
    assert eventually(lambda: speaker.heard[-1].upto == 3)
    worker.stop()
    with database.read() as tx:
        counted: dict[str, int] = dict(tx.rows("SELECT topic, sum(count) FROM refusals GROUP BY topic"))
    for topic, count in Counter(topic for topic, _ in GARBAGE).items():
        assert counted[topic] >= count  # a state is heard twice while the worker calls the roll


def test_a_receiver_that_keeps_up_with_a_backlog_knows_that_it_is_one(speaker: Speaker, worker: Worker) -> None:
    worker.start()
    assert not worker.busy

    def busy_after_one_more() -> bool:
        speaker.say(ADDRESS.topic(Channel.EV), bytes(5000))
        return worker.busy

    assert eventually(busy_after_one_more)
    worker.stop()


def test_pages_wait_while_a_backlog_comes_in(database: Database) -> None:
    busy = threading.Event()
    busy.set()
    Ingest(database, CENTRE).take([Arrival(ADDRESS, Channel.EV, Journal().grow(3).batch(1, 3))], NOW)
    digester, looked = Digester(database, b"secret"), threading.Semaphore(0)

    def receiving() -> bool:
        looked.release()
        return busy.is_set()

    def digested() -> int:
        with database.read() as tx:
            row = tx.row("SELECT coalesce(max(seq), 0) FROM digested")
        assert row is not None
        return int(row[0])

    digester.start(receiving)
    for _ in range(5):
        assert looked.acquire(timeout=30)
    assert digested() == 0
    busy.clear()
    assert eventually(lambda: digested() == 3)
    digester.stop()
