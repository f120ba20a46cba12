"""Acknowledgements, gaps, results and states."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from edge_agent.sync.contract.batch import Epoch, Place, Sha256
from edge_agent.sync.contract.codes import Code, RefusedError

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Upto = Annotated[int, msgspec.Meta(ge=0, lt=1 << 40)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]


class FactsAck(msgspec.Struct, frozen=True, kw_only=True, tag="facts", tag_field="of"):
    """The centre has committed every fact of `epoch` up to `upto`, whose link is `head`: its countersignature.

    `upto` 0 with the epoch's genesis as `head` says that nothing is held. `re` repeats the session of the state that
    this answers; only such an answer may be below what was acknowledged before (the centre was restored).
    """

    tenant: str
    agent: str
    epoch: Epoch
    upto: Upto
    head: Sha256
    at: Instant
    re: str = ""


class DocumentAck(msgspec.Struct, frozen=True, kw_only=True, tag="document", tag_field="of"):
    """The centre has committed this document."""

    tenant: str
    agent: str
    id: Identifier
    sha256: Sha256
    at: Instant


Ack = FactsAck | DocumentAck


def read_ack(payload: str) -> Ack:
    """Decode the payload of a verified acknowledgement."""
    try:
        ack: Ack = msgspec.json.decode(payload, type=Ack)
    except msgspec.DecodeError as error:
        raise RefusedError(Code.MALFORMED, f"Not an acknowledgement: {error}.") from error
    return ack


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Facts `first` to `last` of `epoch` did not get through, and why: `missing` asks for them again."""

    tenant: str
    agent: str
    epoch: Epoch
    first: Place
    last: Place
    code: Code
    detail: Text = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What is still to be sent: `oldest` is when the first of it happened."""

    count: Annotated[int, msgspec.Meta(ge=0)] = 0
    bytes: Annotated[int, msgspec.Meta(ge=0)] = 0
    oldest: Instant | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Retained. `hello` asks the centre where it stands. The Last Will is `online` false and the session."""

    online: bool
    session: Identifier
    hello: bool = False
    version: str = ""
    epoch: Upto = 0
    seq: Upto = 0
    head: str = ""
    facts: Waiting = Waiting()
    media: Waiting = Waiting()
    trust: str = ""
    at: Instant | None = None
    key: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command. `taken` means that it runs; a later answer of the same id follows."""

    id: Identifier
    result: Literal["taken", "done", "refused", "expired", "failed"]
    code: Code | None = None
    reason: Text = ""
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    at: Instant | None = None


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The centre holds these bytes and has computed their SHA-256 itself."""

    tenant: str
    agent: str
    media: Identifier
    sha256: Sha256
    size: Annotated[int, msgspec.Meta(ge=0)]
    at: Instant


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent shows over HTTP, signed with its own key: good for a few minutes."""

    tenant: str
    agent: str
    at: Instant
