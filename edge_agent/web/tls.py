"""A certificate authority of the device: tablets open a camera over trusted HTTPS only, and the LAN has no public name.

The authority may vouch for names under `.local` and private addresses alone (name constraints), so that whoever steals
its key can't pass for a bank. Its key lies in the data folder, mode 0600. The server's certificate is made anew when it
nears its end, or when the device has got another address.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LASTS = timedelta(days=3650)
LEAF_LASTS = timedelta(days=365)
"""Apple takes at most 825 days from an authority that a person installed."""

RENEW = timedelta(days=30)
_BACK = timedelta(days=1)
"""A tablet's clock may be behind ours."""

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Names:
    """How the device is reached on the LAN."""

    host: str
    addresses: tuple[Address, ...]

    @property
    def local(self) -> str:
        return f"{self.host}.local"


def find_names(host: str) -> Names:
    """Give the device's name and its private addresses; `host` is empty for the machine's own."""
    name = (host or socket.gethostname()).split(".")[0].lower()
    found = [
        ipaddress.ip_address(ip.ip if isinstance(ip.ip, str) else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    ]
    return Names(name, tuple(sorted((each for each in found if each.is_private), key=str)))


class Authority:
    """The device's own authority, in `folder`: `ca.key`, `ca.crt`, `server.pem`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate_file = folder / "ca.crt"

    def context(self, names: Names, now: datetime) -> ssl.SSLContext:
        """Give what the server speaks TLS with, making what is missing or old."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate_file.exists():
            self._make_authority(names, now)
        if not self._is_current(names, now):
            self._make_leaf(names, now)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load_into(context)
        return context

    def renew(self, context: ssl.SSLContext, names: Names, now: datetime) -> None:
        """Make a new certificate where the device has got another address or the old one nears its end.

        Connections that begin from now on get it; nothing restarts.
        """
        if not self._is_current(names, now):
            self._make_leaf(names, now)
            self._load_into(context)

    def fingerprint(self) -> str:
        """Give the SHA-256 of the authority's certificate, for a person to compare."""
        digest = self._load(self.certificate_file).fingerprint(hashes.SHA256()).hex().upper()
        return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))

    def _is_current(self, names: Names, now: datetime) -> bool:
        file = self.folder / "server.pem"
        if not file.exists():
            return False
        leaf = self._load(file)
        alternative = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = set(alternative.get_values_for_type(x509.IPAddress))
        named = names.local in alternative.get_values_for_type(x509.DNSName)
        return named and set(names.addresses) <= known and leaf.not_valid_after_utc - now > RENEW

    def _make_authority(self, names: Names, now: datetime) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"edge_agent {names.host}")
        permitted: list[x509.GeneralName] = [x509.DNSName("local"), x509.DNSName("localhost")]
        permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in _PRIVATE]
        certificate = (
            _builder(name, name, key, now, AUTHORITY_LASTS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints(permitted, None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self.folder / "ca.key", _key_bytes(key), secret=True)
        _write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))

    def _make_leaf(self, names: Names, now: datetime) -> None:
        authority = self._load(self.certificate_file)
        signer = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.folder}/ca.key is not the key that was made here")
        key = ec.generate_private_key(ec.SECP256R1())
        reached: list[x509.GeneralName] = [x509.DNSName(names.local), x509.DNSName("localhost")]
        reached += [x509.IPAddress(address) for address in names.addresses]
        leaf = (
            _builder(_name(names.local), authority.subject, key, now, LEAF_LASTS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(reached), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)  # type: ignore[arg-type]  # ours is elliptic
            .sign(signer, hashes.SHA256())
        )
        # One file, replaced at once: a crash leaves no key without its certificate.
        both = _key_bytes(key) + leaf.public_bytes(serialization.Encoding.PEM)
        _write(self.folder / "server.pem", both, secret=True)

    def _load_into(self, context: ssl.SSLContext) -> None:
        context.load_cert_chain(self.folder / "server.pem")

    @staticmethod
    def _load(file: Path) -> x509.Certificate:
        return x509.load_pem_x509_certificate(file.read_bytes())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACK)
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(file: Path, content: bytes, *, secret: bool = False) -> None:
    part = file.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
