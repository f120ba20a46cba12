r"""Signed texts: the signature covers the very text that is sent, and what it is for.

    {"payload": "{\"agent\":\"ea-1\",...}", "key": "9f86d081884c7d65", "signature": "<base64>"}

Ed25519 over `edge_agent {purpose} v1`, a line feed and the payload, so that an acknowledgement can't be passed off as a
command. `key` is the start of the public key's SHA-256, for rotation.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge_agent.sync.contract.codes import Code, RefusedError

T = TypeVar("T")


class Purpose(StrEnum):
    ACK = "ack"
    GAP = "gap"
    COMMAND = "command"
    CONFIRMATION = "confirmation"
    SAMPLE = "sample"
    INSPECTION = "inspection"
    TOKEN = "token"  # noqa: S105 - a purpose, not a token


class Signed(msgspec.Struct, frozen=True):
    payload: str
    key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    signature: Annotated[str, msgspec.Meta(max_length=88)]


_signed = msgspec.json.Decoder(Signed)


def key_id(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def public_key(raw: str) -> Ed25519PublicKey:
    """Read a public key of 32 bytes in hex."""
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw))
    except ValueError as error:
        raise RefusedError(Code.MALFORMED, f"Not an Ed25519 public key in hex: {error}.") from error


class Signer:
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key()
        self.key = key_id(self.public)

    def sign(self, purpose: Purpose, payload: msgspec.Struct) -> Signed:
        text = msgspec.json.encode(payload)
        return Signed(text.decode(), self.key, b64encode(self._private.sign(_covered(purpose, text))).decode())

    def seal(self, purpose: Purpose, payload: msgspec.Struct) -> bytes:
        """Give the message's bytes."""
        return msgspec.json.encode(self.sign(purpose, payload))


class Verifier:
    """Opens what one of `keys` signed."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self.trust(keys)

    def trust(self, keys: Iterable[Ed25519PublicKey]) -> None:
        """From now on these keys count, and no other; whoever holds this verifier follows, on any thread."""
        self._keys = {key_id(key): key for key in keys}

    def open(self, purpose: Purpose, message: bytes | str, kind: type[T]) -> T:
        """Verify a signed message and decode its payload; `RefusedError` otherwise."""
        signed = read_signed(message)
        self.verify(purpose, signed)
        return decode(signed.payload, kind)

    def verify(self, purpose: Purpose, signed: Signed) -> None:
        """Raise `RefusedError` unless one of the keys signed this text for this purpose."""
        public = self._keys.get(signed.key)
        if public is None:
            raise RefusedError(Code.BAD_SIGNATURE, f"Signed with the unknown key {signed.key}.")
        try:
            public.verify(b64decode(signed.signature, validate=True), _covered(purpose, signed.payload.encode()))
        except (InvalidSignature, ValueError) as error:
            raise RefusedError(Code.BAD_SIGNATURE, f"Not a signature of key {signed.key} for {purpose}.") from error


def read_signed(message: bytes | str) -> Signed:
    """Read a signed message without believing it."""
    try:
        return _signed.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Code.MALFORMED, f"Not a signed message: {error}.") from error


def decode(text: bytes | str, kind: type[T]) -> T:
    """Decode JSON of the contract; `RefusedError` names the field."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError(Code.MALFORMED, f"{getattr(kind, '__name__', 'message')}: {error}.") from error


def _covered(purpose: Purpose, payload: bytes) -> bytes:
    return b"edge_agent %s v1\n%s" % (purpose.encode(), payload)
