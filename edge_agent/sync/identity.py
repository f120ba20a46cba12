"""Who this device is to the centre: what `edge-agent provision` got, in `data_dir/sync/`.

identity.json   tenant, agent, addresses, the centre's public keys
key.pem         Ed25519, made on the device, mode 0600, never leaves it
agent.pem       the certificate that the centre made for that key
ca.pem          whom to believe on the other side

The certificates may be read by the device's other services, which warn of their end; the rest is `sync`'s alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge_agent.durable import replace_file
from edge_agent.errors import InputError, StorageError
from edge_agent.sync.contract.signing import Signer, Verifier, public_key
from edge_agent.sync.contract.topics import Address

_OF_THE_GROUP = 0o640
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Identity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`mqtt` is mqtt://host:port or mqtts://host:port, `http` the centre's address; `keys` are Ed25519 in hex.

    `renew_after` is when the certificate has come into its last third; None: not known yet.
    """

    tenant: str
    agent: str
    mqtt: Annotated[str, msgspec.Meta(pattern="^mqtts?://[^/]+$")]
    http: Annotated[str, msgspec.Meta(pattern="^https?://")]
    keys: Annotated[list[str], msgspec.Meta(min_length=1)]
    user: str = ""
    password: str = ""
    renew_after: datetime | None = None

    @property
    def address(self) -> Address:
        return Address(self.tenant, self.agent)

    @property
    def broker(self) -> tuple[SplitResult, int]:
        """Give the broker's address and its port."""
        url = urlsplit(self.mqtt)
        return url, url.port or _PORTS[url.scheme]

    def public_keys(self) -> list[Ed25519PublicKey]:
        """Give the keys of the centre that count."""
        return [public_key(key) for key in self.keys]

    def verifier(self) -> Verifier:
        return Verifier(self.public_keys())


class IdentityFolder:
    """The files. `identity` is None until the device is provisioned."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "sync"
        self.file = self.root / "identity.json"
        self.key = self.root / "key.pem"
        self.certificate = self.root / "agent.pem"
        self.authority = self.root / "ca.pem"
        self._lock = threading.Lock()

    @property
    def known(self) -> bool:
        """Whether the device was provisioned: other services may ask so much, and no more."""
        try:
            return self.file.exists()
        except OSError:
            return False

    def read(self) -> Identity | None:
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=Identity)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self.file}: {error.strerror}.", do="Run as the user of the sync service.") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{self.file}: {error}.", do="Run edge-agent provision again.") from error

    def write(self, identity: Identity) -> None:
        with self._lock:
            self._write(self.file, msgspec.json.format(msgspec.json.encode(identity)))

    def change(self, change: Callable[[Identity], Identity]) -> Identity:
        """Write what `change` makes of the identity in force: a command and a renewal may come at the same time."""
        with self._lock:
            known = self.read()
            if known is None:
                raise InputError(f"{self.file}: no such file.", do="Run edge-agent provision.")
            changed = change(known)
            self._write(self.file, msgspec.json.format(msgspec.json.encode(changed)))
            return changed

    def write_certificates(self, certificate: str, authority: str) -> None:
        self.write_certificate(certificate)
        self._write(self.authority, authority.encode(), mode=_OF_THE_GROUP)

    def write_certificate(self, certificate: str) -> None:
        self._write(self.certificate, certificate.encode(), mode=_OF_THE_GROUP)

    def private_key(self) -> Ed25519PrivateKey:
        """Read the device's key, made here on first use."""
        if not self.key.exists():
            private = Ed25519PrivateKey.generate()
            self._write(self.key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            private_key = load_pem_private_key(self.key.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise StorageError(f"{self.key}: {error}.", do="Run edge-agent provision again.") from error
        if not isinstance(private_key, Ed25519PrivateKey):
            raise StorageError(f"{self.key}: not an Ed25519 key.", do="Run edge-agent provision again.")
        return private_key

    def signer(self) -> Signer:
        return Signer(self.private_key())

    def _write(self, path: Path, content: bytes, *, mode: int = 0o600) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o750)
        replace_file(path, content, mode=mode)
