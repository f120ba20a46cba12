"""What goes over HTTPS: paths, headers and bodies. Media travel by tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Annotated

import msgspec

from edge_agent.model.media import MediaKind
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import Sha256
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.messages import Identifier, Instant, Token
from edge_agent.sync.contract.signing import Purpose, Signed, Signer, Verifier, read_signed
from edge_agent.sync.contract.topics import Address

UPLOADS = "/v1/uploads"
PROVISION = "/v1/provision"
CONFIRMATIONS = "/v1/confirmations"
FACTS = "/v1/facts"
"""GET: the agent's own facts after `epoch` and `seq`, as batches; for a device that replaces a broken one."""

MEDIA = "/v1/media"
"""GET: the ids of the agent's media that the centre holds."""

DOCUMENTS = "/v1/documents"
"""GET: the documents that the agent has sent."""

CERTIFICATE = "/v1/certificate"
"""POST: a new certificate for the same key, before the old one ends."""

REVOCATIONS = "/v1/revocations"
"""GET: the revocation list for the broker, as PEM."""

TUS_VERSION = "1.0.0"
TUS_EXTENSIONS = "creation,expiration,termination"
OFFSET_STREAM = "application/offset+octet-stream"
CONFIRMATION_HEADER = "Upload-Confirmation"
"""On the answer to the last PATCH, and to HEAD and POST afterwards: a signed `Confirmation`, in base64."""

CODE_HEADER = "Error-Code"
CHECKSUM_MISMATCH = 460
"""The status that tus's checksum extension gives to bytes that are not what was announced."""


class ProvisionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a device asks with: a token that a person gave it, and a signing request of the key that it made.

    `agent` is the name that its database bears already; empty: the centre gives one.
    """

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    csr: Annotated[str, msgspec.Meta(max_length=10_000)]
    agent: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """Who the device is from now on. `replaces` says that facts of this agent are here: fetch them back."""

    tenant: str
    agent: str
    mqtt: str
    http: str
    keys: list[str]
    certificate: str
    authority: str
    replaces: bool = False


class UploadMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What `Upload-Metadata` says of a file; times are those of its picture."""

    media: Identifier
    kind: MediaKind
    sha256: Sha256
    start: Instant
    end: Instant
    mime: Annotated[str, msgspec.Meta(max_length=100)] = "application/octet-stream"
    lesson: Annotated[str, msgspec.Meta(max_length=64)] = ""
    camera: Annotated[str, msgspec.Meta(max_length=64)] = ""


def encode_metadata(metadata: UploadMetadata) -> str:
    """Give the header: keys and base64 of their values, as tus has it."""
    plain: dict[str, str] = msgspec.to_builtins(metadata)
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in plain.items() if value)


def decode_metadata(header: str) -> UploadMetadata:
    try:
        pairs = (part.strip().partition(" ") for part in header.split(",") if part.strip())
        plain = {key: b64decode(value, validate=True).decode() for key, _, value in pairs}
        return msgspec.convert(plain, UploadMetadata)
    except (ValueError, msgspec.ValidationError) as error:
        raise RefusedError(Code.MALFORMED, f"Upload-Metadata: {error}.") from error


def to_header(signed: Signed) -> str:
    return b64encode(msgspec.json.encode(signed)).decode()


def from_header(value: str) -> Signed:
    try:
        return read_signed(b64decode(value, validate=True))
    except ValueError as error:
        raise RefusedError(Code.MALFORMED, f"Not a signed text in base64: {error}.") from error


def bearer(signer: Signer, address: Address, now: datetime) -> str:
    """Give the `Authorization` of a request: signed with the agent's own key, good for a few minutes."""
    token = Token(tenant=address.tenant, agent=address.agent, at=now)
    return f"Bearer {to_header(signer.sign(Purpose.TOKEN, token))}"


def read_bearer(header: str) -> tuple[Address, Signed]:
    """Read whose token it claims to be, so that its key can be looked up; nothing is believed yet."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer":
        raise RefusedError(Code.BAD_SIGNATURE, "No bearer token.")
    signed = from_header(value)
    try:
        token = msgspec.json.decode(signed.payload, type=Token)
    except msgspec.DecodeError as error:
        raise RefusedError(Code.MALFORMED, f"Token: {error}.") from error
    return Address(token.tenant, token.agent), signed


def check_bearer(signed: Signed, verifier: Verifier, now: datetime) -> None:
    """Raise `RefusedError` for a token that the agent's key did not sign, or whose time is too far from `now`."""
    verifier.verify(Purpose.TOKEN, signed)
    token = msgspec.json.decode(signed.payload, type=Token)
    if abs(now - token.at) > limits.TOKEN_LIFE:
        raise RefusedError(
            Code.EXPIRED, f"The token is of {token.at:%F %T}, here it is {now:%F %T}.", do="Set the agent's clock."
        )
