"""A receiver: one member of the shared subscription. Any number of them run against one database.

A message is acknowledged to the broker after the commit that took it; until then the broker gives it to another worker
if this one dies. paho's callbacks only put into a queue.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.reasoncodes import ReasonCode

from edge_agent.central.broker import Broker
from edge_agent.central.ingest import Arrival, Ingest, Reply
from edge_agent.clock import Clock
from edge_agent.errors import StorageError
from edge_agent.sync.contract.codes import RefusedError
from edge_agent.sync.contract.topics import TO_CENTRE, Channel, parse, subscription

log = logging.getLogger(__name__)

GROUP = "centre"
_TOGETHER = 50  # messages a transaction: 5,000 facts, some 100 ms
_RETRY_SECONDS = 1.0
_MISSING_SECONDS = 1.0
_BUSY_SECONDS, _BUSY_BYTES = 0.5, 40_000
"""So much within so little time is a backlog: ten full batches, some 1,000 facts. How many wait says nothing: who
keeps up with a backlog never has many waiting."""

_ROLL_CALL_SECONDS = 5.0
"""How long a worker that has just connected hears the retained states of all agents: each is answered with where the
centre stands, so that nobody waits for a pause of their own to end after an outage of the centre."""

_ROLL_CALL = subscription(Channel.STATE)


@dataclass(frozen=True, slots=True)
class _Message:
    """What has arrived, and the client that must acknowledge it."""

    client: Client
    mid: int
    qos: int
    topic: str
    payload: bytes
    retained: bool


class Worker:
    """Receives until stopped."""

    def __init__(self, broker: Broker, ingest: Ingest, clock: Clock) -> None:
        self._ingest = ingest
        self._clock = clock
        self._messages: SimpleQueue[_Message | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._roll_call_ends: float | None = None
        self._busy_until = 0.0
        self._counted_from, self._counted = 0.0, 0
        self._client = self._make_client(broker)
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    def start(self) -> None:
        """Begin; where the broker is away, it is tried again for ever."""
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._messages.put(None)
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def busy(self) -> bool:
        """Whether a backlog comes in just now."""
        return self._clock.boottime() < self._busy_until

    def publish(self, reply: Reply) -> None:
        self._client.publish(reply.address.topic(reply.channel), reply.message, qos=1)

    def _make_client(self, broker: Broker) -> Client:
        client = broker.make_client(manual_ack=True)
        client.max_inflight_messages_set(1000)
        client.reconnect_delay_set(1, 5)  # few workers, and all venues wait for them
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.connect_async(broker.host, broker.port, 30)
        return client

    def _on_connect(self, client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker refuses this receiver: %s", reason)
            return
        client.subscribe([(subscription(channel, group=GROUP), 1) for channel in TO_CENTRE])
        client.subscribe(_ROLL_CALL, qos=0)  # members of a group are not given what is retained
        self._roll_call_ends = self._clock.boottime() + _ROLL_CALL_SECONDS

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        self._messages.put(
            _Message(client, message.mid, message.qos, message.topic, bytes(message.payload), message.retain)
        )

    def _run(self) -> None:
        due = 0.0
        while not self._stopping.is_set():
            waiting = self._wait()
            if waiting:
                self._count(waiting)
                self._take(waiting)
            now = self._clock.boottime()
            if now >= due:
                due = now + _MISSING_SECONDS
                self._tick()
            if self._roll_call_ends is not None and now >= self._roll_call_ends:
                self._roll_call_ends = None
                self._client.unsubscribe(_ROLL_CALL)

    def _wait(self) -> list[_Message]:
        """Give what has arrived, or nothing after a second."""
        found: list[_Message | None] = []
        try:
            found.append(self._messages.get(timeout=_MISSING_SECONDS))
            while len(found) < _TOGETHER:
                found.append(self._messages.get_nowait())
        except Empty:
            pass
        return [message for message in found if message is not None]

    def _count(self, messages: list[_Message]) -> None:
        """Notice a backlog."""
        now = self._clock.boottime()
        if now >= self._counted_from + _BUSY_SECONDS:
            self._counted_from, self._counted = now, 0
        self._counted += sum(len(message.payload) for message in messages)
        if self._counted >= _BUSY_BYTES:
            self._busy_until = now + _BUSY_SECONDS

    def _take(self, messages: list[_Message]) -> None:
        arrivals = []
        for message in messages:
            try:
                arrivals.append(Arrival(*parse(message.topic), message.payload, retained=message.retained))
            except RefusedError:
                log.warning("a message on a topic that is none of ours was dropped")
        try:
            replies = self._commit(arrivals)
        except Exception:
            log.exception("a fault of this program: what arrived is taken one by one, and what it fails on is dropped")
            replies = [reply for arrival in arrivals for reply in self._alone(arrival)]
        if self._stopping.is_set():
            return
        for reply in replies:
            self.publish(reply)
        for message in messages:
            message.client.ack(message.mid, message.qos)

    def _commit(self, arrivals: list[Arrival]) -> list[Reply]:
        """Take them in, for as long as the database needs to come back."""
        while not self._stopping.is_set():
            try:
                return self._ingest.take(arrivals, self._clock.stamp().wall)
            except StorageError as error:
                log.warning("nothing can be taken: %s", error)
                self._stopping.wait(_RETRY_SECONDS)
        return []

    def _alone(self, arrival: Arrival) -> list[Reply]:
        try:
            return self._commit([arrival])
        except Exception:
            log.exception("dropped: %s of %s", arrival.channel, arrival.address)
            return []

    def _tick(self) -> None:
        try:
            now = self._clock.stamp().wall
            for reply in (*self._ingest.ask_for_missing(now), *self._ingest.due_commands(now)):
                self.publish(reply)
        except StorageError as error:
            log.warning("can't look for what is due: %s", error)
