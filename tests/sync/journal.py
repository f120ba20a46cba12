"""Journals made in memory, as an agent would write them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from edge_agent.model.body import Envelope
from edge_agent.model.fact import Payload, genesis, next_link
from edge_agent.model.kinds.system import AlarmCleared, EpochStarted
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.sync.contract.batch import encode_batch

STAMP = Stamp(datetime(2026, 3, 2, 1, 0, tzinfo=UTC), "boot-1", 1000.0, Trust.SYNCED, 0.01)


@dataclass
class Journal:
    """One epoch of one agent; `links[n]` is the link after fact n."""

    agent: str = "ea-1"
    epoch: int = 1
    bodies: list[bytes] = field(default_factory=list)
    links: list[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.links = [genesis(self.agent, self.epoch)]

    def append(self, *payloads: Payload) -> Journal:
        envelope = Envelope(agent=self.agent, epoch=self.epoch, stamp=STAMP)
        for payload in payloads:
            self.append_body(envelope.body(len(self.bodies) + 1, payload, policy="", by=""))
        return self

    def append_body(self, body: bytes) -> None:
        self.bodies.append(body)
        self.links.append(next_link(self.links[-1], len(self.bodies), body))

    def grow(self, count: int, *, word: str = "a") -> Journal:
        return self.append(*(AlarmCleared(alarm=f"{word}{number}") for number in range(count)))

    def batch(self, first: int, last: int) -> bytes:
        return encode_batch(self.epoch, first, self.bodies[first - 1 : last], self.links[last])

    def next_epoch(self, upto: int) -> Journal:
        """Begin the epoch after this one, which the centre holds up to `upto`."""
        following = Journal(self.agent, self.epoch + 1)
        return following.append(
            EpochStarted(cause="restored", old_epoch=self.epoch, old_seq=upto, old_head=self.links[upto].hex())
        )
