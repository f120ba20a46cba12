"""The catalogue of facts, their bytes, and the journal's chain.

A fact's body is made once and stored as it is; `link = SHA256(prev_link || seq || SHA256(body))`, with `seq` as eight
bytes, big end first, so that a package can show another class's fact as its digest alone and still prove the chain.
The first link of an epoch follows `genesis(agent, epoch)`: no chain can be passed off as another agent's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Protocol, cast

from edge_agent.model.kinds import attendance, capture, people, plan, system
from edge_agent.model.stamp import Stamp, instant

VERSION = 1


class Payload(Protocol):
    """A frozen dataclass of `model/kinds`."""

    KIND: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


CATALOGUE: Mapping[str, type[Payload]] = {
    payload.KIND: payload for module in (attendance, capture, plan, people, system) for payload in module.PAYLOADS
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One stored fact. `by` is the operator's account, empty for the device itself; `policy` is `id@sha256`."""

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


@cache
def _names(kind: type[Payload]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {name: getattr(value, name) for name in _names(cast("type[Payload]", type(value)))}
    raise TypeError(f"{type(value).__name__} can't stand in a fact")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False)


def encode_body(*, agent: str, epoch: int, seq: int, stamp: Stamp, policy: str, by: str, payload: Payload) -> bytes:
    """Give the UTF-8 bytes that are stored, hashed and sent; they are never serialised a second time.

    Raises `TypeError` for a value that has no JSON form and `ValueError` for a number that is not finite.
    """
    return _encoder.encode(
        {
            "v": VERSION,
            "agent": agent,
            "epoch": epoch,
            "seq": seq,
            "kind": payload.KIND,
            "clock": {
                "wall": instant(stamp.wall),
                "boot_id": stamp.boot_id,
                "boottime": round(stamp.boottime, 3),
                "trust": stamp.trust.value,
                "max_error": round(stamp.max_error, 6),
            },
            "policy": policy,
            "by": by,
            "data": {name: getattr(payload, name) for name in _names(type(payload))},
        }
    ).encode()


def genesis(agent: str, epoch: int) -> bytes:
    """Give the link before the first fact of an epoch."""
    return hashlib.sha256(f"edge_agent journal\n{agent}\n{epoch}".encode()).digest()


def next_link(prev: bytes, seq: int, body: bytes) -> bytes:
    return link_digest(prev, seq, hashlib.sha256(body).digest())


def link_digest(prev: bytes, seq: int, body_sha256: bytes) -> bytes:
    """Continue the chain where only the body's digest is known."""
    return hashlib.sha256(prev + seq.to_bytes(8, "big") + body_sha256).digest()
