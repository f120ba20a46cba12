"""The centre's own keys: one folder that all its workers share, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from edge_agent.errors import StorageError
from edge_agent.sync.contract.signing import Signer


def signing_key(folder: Path) -> Signer:
    """Give the key that acknowledgements and commands are signed with, made on first use."""
    return Signer(load_key(folder / "signing.pem"))


def load_key(path: Path) -> Ed25519PrivateKey:
    """Read an Ed25519 key, or make it: of two workers that start together one does."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_once(path, made)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: {error}.", do="Restore the centre's key folder from its backup.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise StorageError(f"{path}: not an Ed25519 key.", do="Restore the centre's key folder from its backup.")
    return key


def person_key(folder: Path) -> bytes:
    """Give the key of the hashes that stand for document numbers, made on first use: never shown, never changed."""
    path = folder / "people.key"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_once(path, secrets.token_bytes(32))
    return path.read_bytes()


def write_once(path: Path, content: bytes) -> None:
    """Write a file whole, unless another worker was faster."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:  # noqa: PTH123 - of a descriptor, so that the mode is right from the start
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()  # not media: the other name of a key
