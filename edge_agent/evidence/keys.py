"""The seal key: Ed25519, made on the device, and it never leaves it.

Its 32 bytes lie where `keystore` says, and only `upkeep` may read them. A rotation is a fact that the old key signed; a
loss is a fact that says so, and only the centre's countersignatures bridge it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.evidence.keystore import KeyStore
from edge_agent.model.kinds.system import SealKey
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Transaction, Writer


@dataclass(frozen=True)
class SealSigner:
    """Signs with a key that it never shows."""

    _private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key, 32 bytes in hex."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, text: bytes) -> str:
        """Give the signature, 64 bytes in hex."""
        return self._private.sign(text).hex()


def load_or_make(keys: KeyStore, writer: Writer) -> SealSigner:
    """Load the seal key, or make one and say so in a fact: the first one, or one that replaces a lost one."""
    if keys.path.exists():
        signer = _signer(keys.read())
        known = writer.run(known_public)
        if known == signer.public:
            return signer
        fresh = keys.beside(".new")
        if fresh.path.exists() and (rotated := _signer(fresh.read())).public == known:
            fresh.path.replace(keys.path)  # a rotation whose fact was written, and then the power went
            return rotated
    else:
        signer, known = _signer(keys.create()), writer.run(known_public)
    writer.append(SealKey(public=signer.public, change="lost" if known else "first", old_public=known))
    return signer


def rotate(keys: KeyStore, writer: Writer) -> SealSigner:
    """Replace the key; the old one vouches for the new one in the fact.

    The fact comes before the file: what a crash leaves between the two, the next `load_or_make` completes.
    """
    old = _signer(keys.read())
    fresh = keys.beside(".new")
    new = _signer(fresh.read() if fresh.path.exists() else fresh.create())
    vouched = old.sign(rotation_text(old.public, new.public))
    writer.append(SealKey(public=new.public, change="rotated", old_public=old.public, signature=vouched))
    with suppress(FileNotFoundError):  # the service that seals was faster
        fresh.path.replace(keys.path)
    return new


def rotation_text(old_public: str, new_public: str) -> bytes:
    """What the old key signs when the new one takes over."""
    return f"edge_agent seal-key v1\n{old_public}\n{new_public}".encode()


def _signer(key: bytes) -> SealSigner:
    return SealSigner(Ed25519PrivateKey.from_private_bytes(key))


def known_public(tx: Transaction) -> str:
    """Give the public key that the journal names last; empty before the first."""
    public = ""
    for fact in read_facts(tx.connection, kinds=("seal.key",)):
        public = fact.data["public"]
    return public
