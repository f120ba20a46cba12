"""Small secrets at rest: AES-256-GCM under a key that lies in a file of its own.

On an installed device systemd hands a service its key (`appliance/credentials.py` keeps it where root alone reads it);
elsewhere it is made on first use, readable by its owner alone. Whoever copies the database without the key has nothing;
whoever moves a box to another name in the database is found out, because the name is authenticated with the content.

A service that may not read another's key can still hand it a secret: it seals a letter to the other's address (X25519).
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from edge_agent.errors import StorageError
from edge_agent.settings import find_credential

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OTHERS = 0o077


class SecretBox:
    """Seals and opens short texts. A box is `nonce || ciphertext || tag`; `name` says whose it is.

    `key` seals; what one of the `older` keys has sealed is opened all the same.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._cipher = AESGCM(key)
        self._ciphers = (self._cipher, *map(AESGCM, older))
        self._private = X25519PrivateKey.from_private_bytes(_derived(key, b"edge_agent letters"))
        self.address = self._private.public_key().public_bytes_raw()

    @classmethod
    def at(cls, path: Path) -> SecretBox:
        """With the key at `path`, made there on first use. Raises `StorageError` for one that others can read.

        A credential of that name comes first, and nothing is made then. A key that lies at `path` still opens: where
        a release that knew no credentials ran in between, the two differ.
        """
        if (handed := find_credential(path.name)) is not None:
            older = []
            with suppress(StorageError):
                older.append(read_key(path))
            return cls(_whole(handed, _read(handed)), *older)
        try:
            return cls(create_key(path))
        except FileExistsError:
            return cls(read_key(path))
        except OSError as error:
            raise StorageError(
                f"{path}: 无法生成密钥 / the key can't be made ({error.strerror}).",
                do="请让服务对该目录有写权限。Give the service write access to its folder.",
            ) from error

    def seal(self, name: str, text: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), name.encode())

    def open_letter(self, name: str, letter: bytes) -> str:
        """Raises `StorageError` as `open` does."""
        public, box = letter[:_KEY_BYTES], letter[_KEY_BYTES:]
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError as error:
            raise _refused(name) from error
        return SecretBox(_derived(shared, public + self.address)).open(name, box)

    def open(self, name: str, box: bytes) -> str:
        """Raises `StorageError` if the box is not `name`'s, was changed, or was sealed with another key."""
        for cipher in self._ciphers:
            with suppress(InvalidTag, ValueError):
                return cipher.decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], name.encode()).decode()
        raise _refused(name)


def _refused(name: str) -> StorageError:
    return StorageError(
        f"{name}: 密钥不符或数据库损坏 / the secret can't be opened: another key, or a damaged database.",
        do="请恢复本机原来的密钥文件，或重新输入密码。"
        "Restore the key file that belongs to this database, or enter the password again.",
    )


def seal_letter(address: bytes, name: str, text: str) -> bytes:
    """Seals a text to the owner of `address`; not even the writer can open it again.

    A letter is `ephemeral public key || nonce || ciphertext || tag`.
    """
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(address))
    public = ephemeral.public_key().public_bytes_raw()
    return public + SecretBox(_derived(shared, public + address)).seal(name, text)


def _derived(key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(key)


def create_key(path: Path) -> bytes:
    """Make a random key of 32 bytes, mode 0600; `FileExistsError` if there is one, or another service was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise FileExistsError(path)
    key = os.urandom(_KEY_BYTES)
    # Written whole under another name first: a power cut must not leave half a key that everything is sealed with.
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(temporary, path)  # fails where a rename would silently replace another service's key
    finally:
        Path(temporary).unlink()  # not media: the other name of the key
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key


def read_key(path: Path) -> bytes:
    """Raises `StorageError` for a key that can't be read, that others can read, or that is damaged."""
    key = _read(path)
    if path.stat().st_mode & _OTHERS:
        raise StorageError(
            f"{path}: 密钥文件权限过宽 / others can read this key.",
            do=f"请运行 chmod 600 {path}。Run: chmod 600 {path}",
        )
    return _whole(path, key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"{path}: 无法读取密钥 / the key can't be read ({error.strerror}).",
            do="请以生成它的用户运行。Run as the user that made it.",
        ) from error


def _whole(path: Path, key: bytes) -> bytes:
    if len(key) != _KEY_BYTES:
        raise StorageError(
            f"{path}: 密钥文件已损坏 / not a key of {_KEY_BYTES} bytes.",
            do="请从本机的备份恢复。Restore it from the backup of this device.",
        )
    return key
