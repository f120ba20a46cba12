"""The centre's certificate authority: certificates for agents, made of their requests, and for the broker."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge_agent.central.keys import write_once
from edge_agent.errors import StorageError
from edge_agent.sync.contract.codes import Code, RefusedError

AGENT_LIFE, AUTHORITY_LIFE = timedelta(days=825), timedelta(days=3650)
_SKEW = timedelta(hours=1)
"""A device's clock may be behind when it first uses its certificate."""


@dataclass(frozen=True, slots=True)
class Revoked:
    serial: int
    at: datetime


class Authority:
    """Keeps its key in the centre's key folder; made on first use."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._key = _load_key(folder / "authority.key")
        self.file = folder / "ca.pem"
        if not self.file.exists():
            write_once(self.file, _make_root(self._key, now).public_bytes(Encoding.PEM))
        self._root = x509.load_pem_x509_certificate(self.file.read_bytes())

    @property
    def pem(self) -> str:
        return self._root.public_bytes(Encoding.PEM).decode()

    def certify_agent(self, request: str, agent: str, now: datetime) -> x509.Certificate:
        """Make an agent's certificate from its signing request, under the name that the centre gives it."""
        public = read_request(request)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._build(agent, public, usage, now).sign(self._key, hashes.SHA256())

    def certify_server(self, names: Iterable[str], now: datetime) -> tuple[str, str]:
        """Make key and certificate of a server (the broker, the HTTP side) with these names; give both as PEM."""
        names = list(names)
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._build(names[0], key.public_key(), usage, now)
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private.decode(), certificate.public_bytes(Encoding.PEM).decode()

    def revocations(self, revoked: Iterable[Revoked], now: datetime) -> str:
        """Give the revocation list that the broker reads (`crlfile`), as PEM.

        It is good for as long as the authority: a broker whose list has run out refuses every agent, and the list is
        only brought to it when somebody is revoked.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.subject)
            .last_update(now - _SKEW)
            .next_update(self._root.not_valid_after_utc)
        )
        for each in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(each.at).build()
            )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def _build(
        self,
        name: str,
        public: Ed25519PublicKey | ec.EllipticCurvePublicKey,
        usage: x509.ExtendedKeyUsage,
        now: datetime,
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._root.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(min(now + AGENT_LIFE, self._root.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )


def read_request(request: str) -> Ed25519PublicKey:
    """Give the Ed25519 key of a signing request, which proves that the device has the other half."""
    try:
        csr = x509.load_pem_x509_csr(request.encode())
        public, sound = csr.public_key(), csr.is_signature_valid
    except (ValueError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise RefusedError(Code.MALFORMED, f"csr: not a certificate signing request: {error}.") from error
    if not isinstance(public, Ed25519PublicKey):
        raise RefusedError(Code.INVALID, "csr: the key must be an Ed25519 key.")
    if not sound:
        raise RefusedError(Code.BAD_SIGNATURE, "csr: not signed with its own key.")
    return public


def _make_root(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "edge_agent centre")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        write_once(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: {error}.", do="Restore the centre's key folder from its backup.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageError(f"{path}: not an elliptic-curve key.", do="Restore the centre's key folder.")
    return key


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
