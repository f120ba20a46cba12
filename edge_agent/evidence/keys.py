"""The seal key: Ed25519, made on the device, and it never leaves it.

Its 32 bytes lie in a file of mode 0600 that only `upkeep` may read: below the data folder, or where systemd puts a
service's credentials. A rotation is a fact that the old key signed; a loss is a fact that says so, and only the
centre's countersignatures bridge it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge_agent.model.kinds.system import SealKey
from edge_agent.secrets import create_key, read_key
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


def load_or_make(path: Path, writer: Writer) -> SealSigner:
    """Load the seal key, or make one and say so in a fact: the first one, or one that replaces a lost one."""
    if path.exists():
        signer = _signer(read_key(path))
        known = writer.run(_known_public)
        if known == signer.public:
            return signer
    else:
        signer, known = _signer(create_key(path)), writer.run(_known_public)
    writer.append(SealKey(public=signer.public, change="lost" if known else "first", old_public=known))
    return signer


def rotate(path: Path, writer: Writer) -> SealSigner:
    """Replace the key; the old one vouches for the new one in the fact.

    The fact comes before the file: a crash between the two leaves the old key in use, and the next start says "lost".
    """
    old = _signer(read_key(path))
    fresh = path.with_suffix(".new")
    new = _signer(read_key(fresh) if fresh.exists() else create_key(fresh))
    vouched = old.sign(rotation_text(old.public, new.public))
    writer.append(SealKey(public=new.public, change="rotated", old_public=old.public, signature=vouched))
    fresh.replace(path)
    return new


def rotation_text(old_public: str, new_public: str) -> bytes:
    """What the old key signs when the new one takes over."""
    return f"edge_agent seal-key v1\n{old_public}\n{new_public}".encode()


def _signer(key: bytes) -> SealSigner:
    return SealSigner(Ed25519PrivateKey.from_private_bytes(key))


def _known_public(tx: Transaction) -> str:
    public = ""
    for fact in read_facts(tx.connection, kinds=("seal.key",)):
        public = fact.data["public"]
    return public
