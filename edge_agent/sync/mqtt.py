"""One connection to the broker. paho's thread only puts events into a queue; whoever owns the queue does the work."""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.sync.contract import limits
from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.topics import TO_AGENT, Channel, parse
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.trust import tls_context

KEEPALIVE = 20
"""A line that died in silence is noticed after at most twice this: paho asks once, and waits as long for the answer."""

CONNECT_SECONDS = 15.0
"""From the first packet to CONNACK: a black hole that takes connections and never answers ends here."""


@dataclass(frozen=True, slots=True)
class Connected:
    pass


@dataclass(frozen=True, slots=True)
class Disconnected:
    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    channel: Channel
    payload: bytes


Event = Connected | Disconnected | Arrived


class Connection:
    """Lives for one connection: after a failure a new one is made, so that nothing of the old one is sent again."""

    def __init__(
        self, identity: Identity, folder: IdentityFolder, events: SimpleQueue[tuple[Connection, Event]], *, will: bytes
    ) -> None:
        self._identity = identity
        self._address = identity.address
        self._queue = events
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=identity.agent,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.connect_timeout = 5.0
        # paho must hold nothing back: the window is ours, and it is smaller.
        client.max_inflight_messages_set(2 * limits.WINDOW)
        client.will_set(self._address.topic(Channel.STATE), will, qos=1, retain=True)
        url, self._port = identity.broker
        self._host = url.hostname or ""
        if identity.user:
            client.username_pw_set(identity.user, identity.password)
        if url.scheme == "mqtts":
            certified = folder.certificate.exists()
            authority = folder.authority if folder.authority.exists() else None
            client.tls_set_context(
                tls_context(
                    authority,
                    certificate=folder.certificate if certified else None,
                    key=folder.key if certified else None,
                )
            )
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message

    def open(self) -> None:
        """Connect; the outcome comes as an event. Raises `OSError` where nobody listens."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has no types here
        properties.MaximumPacketSize = limits.MESSAGE_BYTES
        self._client.connect(self._host, self._port, KEEPALIVE, clean_start=True, properties=properties)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, channel: Channel, message: bytes, *, retain: bool = False) -> None:
        self._client.publish(self._address.topic(channel), message, qos=1, retain=retain)

    def _emit(self, event: Event) -> None:
        self._queue.put((self, event))

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self._emit(Disconnected(str(reason)))
            return
        client.subscribe([(self._address.topic(channel), 1) for channel in TO_AGENT])

    def _on_subscribe(self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        # Only now can an answer reach us.
        self._emit(Disconnected(f"subscription refused: {refused[0]}") if refused else Connected())

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        self._emit(Disconnected(str(reason)))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            address, channel = parse(message.topic)
        except RefusedError:
            return
        if address == self._address:
            self._emit(Arrived(channel, bytes(message.payload)))
