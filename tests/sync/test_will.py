"""What broker and centre know of a device that went: in order, killed, and cut off by its line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.central.addresses import open_database
from edge_agent.central.database import Database
from edge_agent.sync.contract.messages import State
from edge_agent.sync.contract.topics import Channel
from tests.servers import Mosquitto
from tests.sync.line import Line
from tests.sync.world import Device, Program, eventually, program


@dataclass
class World:
    """A device whose line can be cut, a broker, and a centre."""

    root: Path
    broker: Mosquitto
    line: Line
    device: Device
    database: Database

    def serve(self) -> AbstractContextManager[Program]:
        return program(self.root / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(self.device.root))

    def retained(self) -> State | None:
        """What the broker tells of the device to whoever comes."""
        found: list[State] = []

        def on_message(_client: Client, _data: object, message: MQTTMessage) -> None:
            if message.retain:
                found.append(msgspec.json.decode(message.payload, type=State))

        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.on_message = on_message
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        assert eventually(client.is_connected)
        client.subscribe(self.device.address.topic(Channel.STATE), qos=1)
        eventually(lambda: bool(found), seconds=5)
        client.disconnect()
        client.loop_stop()
        return found[0] if found else None

    def knows(self, *, online: bool) -> bool:
        """Whether the centre and the broker both say so, of one session."""
        with self.database.read() as tx:
            row = tx.row("SELECT online, state FROM agents")
        assert row is not None
        if row[1] is None or bool(row[0]) is not online:
            return False
        retained = self.retained()
        known = msgspec.json.decode(row[1], type=State)
        return retained is not None and (retained.online, retained.session) == (online, known.session)


@pytest.fixture
def world(tmp_path: Path, mosquitto: Mosquitto) -> Iterator[World]:
    keys = tmp_path / "keys"
    database = open_database(str(tmp_path / "central.db"))
    device = Device(tmp_path / "device", "ea-will")
    serve = ["central", "serve", "--database", str(tmp_path / "central.db"), "--keys", str(keys), "--http", "0"]
    serve += ["--mqtt", f"mqtt://127.0.0.1:{mosquitto.port}", "--spool", str(tmp_path / "spool")]
    with Line(mosquitto.port) as line, program(tmp_path / "central.log", *serve, "--media", str(tmp_path / "kept")):
        device.provision(database, keys, f"mqtt://127.0.0.1:{line.port}")
        yield World(tmp_path, mosquitto, line, device, database)
    database.close()


def test_a_stop_and_a_kill_are_both_known_and_a_return_as_well(world: World) -> None:
    with world.serve() as running:
        assert eventually(lambda: world.knows(online=True))
        assert running.stop() == 0
        assert eventually(lambda: world.knows(online=False))
    with world.serve() as running:
        assert eventually(lambda: world.knows(online=True))
        running.kill()
        assert eventually(lambda: world.knows(online=False))
    with world.serve():
        assert eventually(lambda: world.knows(online=True))


def test_the_will_of_a_connection_that_was_cut_never_hides_the_next_one(world: World) -> None:
    """The broker publishes the will when it notices the end, which may be when the device is back already."""
    with world.serve():
        assert eventually(lambda: world.knows(online=True))
        seen = {_session(world)}
        for _ in range(3):
            world.line.cut()
            assert eventually(lambda: _session(world) not in {*seen, ""})
            assert eventually(lambda: world.knows(online=True))
            seen.add(_session(world))
    assert len(seen) == 4


def _session(world: World) -> str:
    retained = world.retained()
    return "" if retained is None or not retained.online else retained.session
