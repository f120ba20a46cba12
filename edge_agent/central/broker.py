"""The centre's own clients of the broker, and how it has the broker end the session of an agent that was revoked."""

from __future__ import annotations

import logging
import threading
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.clock import Clock
from edge_agent.sync.contract.topics import Address

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 60.0
"""A broker that has not read the new revocation list lets the agent in again: it is shown out once a minute then."""

_ANSWER_SECONDS = 5.0


class Broker:
    """Where the broker is: mqtt[s]://[user:password@]host:port; `ca` is whom to believe on mqtts."""

    def __init__(self, mqtt: str, ca: str | None = None) -> None:
        self._url = urlsplit(mqtt)
        self._ca = ca
        self.host = self._url.hostname or "localhost"
        self.port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)

    def make_client(self, *, client_id: str = "", manual_ack: bool = False) -> Client:
        """Make a client that is not connected yet."""
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=manual_ack,
            reconnect_on_failure=not client_id,
        )
        if self._url.username:
            client.username_pw_set(unquote(self._url.username), unquote(self._url.password or ""))
        if self._url.scheme == "mqtts":
            client.tls_set(ca_certs=self._ca)
        return client


class Usher:
    """Shows revoked agents out: a broker ends the session of a client whose id somebody else connects with.

    On a thread of its own, for it waits for the broker's answer.
    """

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._asked: SimpleQueue[Address | None] = SimpleQueue()
        self._shown: dict[Address, float] = {}
        self._thread = threading.Thread(target=self._run, name="usher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._asked.put(None)
        self._thread.join()

    def show_out(self, address: Address) -> None:
        """Have the broker end this agent's session; at once, and at most once a minute."""
        self._asked.put(address)

    def _run(self) -> None:
        while (address := self._asked.get()) is not None:
            now = self._clock.boottime()
            if now < self._shown.get(address, 0.0):
                continue
            self._shown[address] = now + _AGAIN_SECONDS
            refusal = self._take_the_place_of(address.agent)
            if refusal:
                log.warning("the broker does not end the session of the revoked %s: %s", address.agent, refusal)
            else:
                log.info("the broker has ended the session of %s, which was revoked", address.agent)

    def _take_the_place_of(self, agent: str) -> str:
        """Connect as the agent and leave; give why that failed, or nothing."""
        answers: SimpleQueue[str] = SimpleQueue()

        def on_connect(_client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
            answers.put(str(reason) if reason.is_failure else "")

        client = self._broker.make_client(client_id=agent)
        client.connect_timeout = _ANSWER_SECONDS
        client.on_connect = on_connect
        try:
            client.connect(self._broker.host, self._broker.port, clean_start=True)
        except (OSError, ValueError) as error:
            return str(error)
        client.loop_start()
        try:
            return answers.get(timeout=_ANSWER_SECONDS)
        except Empty:
            return "it does not answer"
        finally:
            client.disconnect()
            client.loop_stop()
