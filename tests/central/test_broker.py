"""Showing a revoked agent out, at a real broker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.central.broker import Broker, Usher
from edge_agent.clock import SettableClock
from edge_agent.sync.contract.topics import Address
from tests.servers import Mosquitto, free_port
from tests.sync.world import NOW, eventually

ADDRESS, OTHER = Address("jinan", "ea-usher"), Address("jinan", "ea-other")


class Agent:
    """Comes back at once whenever its session ends, as one does that the broker still lets in."""

    def __init__(self, port: int, address: Address = ADDRESS) -> None:
        self.ended: list[str] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=address.agent, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_disconnect = lambda _client, _data, _flags, reason, _: self.ended.append(str(reason))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    @property
    def there(self) -> bool:
        return self._client.is_connected()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def ushering(mqtt: str) -> Iterator[tuple[Usher, SettableClock]]:
    clock = SettableClock(NOW)
    usher = Usher(Broker(mqtt), clock)
    usher.start()
    yield usher, clock
    usher.stop()


def test_a_session_is_ended_at_once_and_again_only_after_a_minute(mosquitto: Mosquitto) -> None:
    agent, other = Agent(mosquitto.port), Agent(mosquitto.port, OTHER)
    with ushering(f"mqtt://127.0.0.1:{mosquitto.port}") as (usher, clock):
        assert eventually(lambda: agent.there and other.there)
        usher.show_out(ADDRESS)
        assert eventually(lambda: len(agent.ended) == 1)
        assert eventually(lambda: agent.there)
        usher.show_out(ADDRESS)  # what it says when it comes back
        usher.show_out(OTHER)  # whose turn comes after that
        assert eventually(lambda: len(other.ended) == 1)
        assert (agent.there, len(agent.ended)) == (True, 1)
        clock.advance(61)
        usher.show_out(ADDRESS)
        assert eventually(lambda: len(agent.ended) == 2)
    agent.close()
    other.close()


def test_a_broker_that_is_away_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), ushering(f"mqtt://127.0.0.1:{free_port()}") as (usher, _):
        usher.show_out(ADDRESS)
    assert "does not end the session of the revoked ea-usher" in caplog.text


def test_a_broker_that_lets_nobody_in_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("closed")
    with (
        Mosquitto(folder, "allow_anonymous false") as closed,
        ushering(f"mqtt://127.0.0.1:{closed.port}") as (usher, _),
    ):
        assert "authorized" in usher._take_the_place_of(ADDRESS.agent)
