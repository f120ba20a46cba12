"""The catalogue of facts, their bytes, and the journal's chain.

A fact's body is made once and stored as it is; `link = SHA256(prev_link || seq || SHA256(body))`, with `seq` as eight
bytes, big end first, so that a package can show another class's fact as its digest alone and still prove the chain.
The first link of an epoch follows `genesis(agent, epoch)`: no chain can be passed off as another agent's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

from edge_agent.model.kinds import attendance, capture, people, plan, system
from edge_agent.model.stamp import Stamp

VERSION = 1


class Payload(Protocol):
    """A frozen dataclass of `model/kinds`."""

    KIND: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


CATALOGUE: Mapping[str, type[Payload]] = {
    payload.KIND: payload for module in (attendance, capture, plan, people, system) for payload in module.PAYLOADS
}


class Fact(NamedTuple):
    """One stored fact. `by` is the operator's account, empty for the device itself; `policy` is `id@sha256`.

    A tuple, because one is made at every tap: a frozen dataclass takes ten times as long.
    """

    agent: str
    epoch: int
    seq: int
    kind: str
    stamp: Stamp
    policy: str
    by: str
    data: Mapping[str, Any]
    body: bytes
    link: bytes

    @property
    def name(self) -> str:
        """`epoch/seq`: how another fact names this one."""
        return f"{self.epoch}/{self.seq}"


def genesis(agent: str, epoch: int) -> bytes:
    """Give the link before the first fact of an epoch."""
    return hashlib.sha256(f"edge_agent journal\n{agent}\n{epoch}".encode()).digest()


def next_link(prev: bytes, seq: int, body: bytes) -> bytes:
    return link_digest(prev, seq, hashlib.sha256(body).digest())


def link_digest(prev: bytes, seq: int, body_sha256: bytes) -> bytes:
    """Continue the chain where only the body's digest is known."""
    return hashlib.sha256(prev + seq.to_bytes(8, "big") + body_sha256).digest()
