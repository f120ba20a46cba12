"""The device's certificate: what is asked for, and how long it may be used.

Apart from the identity, because the library takes 2 MB that the service needs once in two years.
"""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

LEFT = 1 / 3
"""Of its life: a certificate of 825 days has nine months to find a centre that is there."""


def signing_request(key: Ed25519PrivateKey, name: str) -> str:
    """Give a certificate signing request for the device's key, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, None)
    return request.public_bytes(Encoding.PEM).decode()


def is_of(certificate: str, key: Ed25519PrivateKey) -> bool:
    """Say whether a certificate was made for this key. Raises `ValueError` for what is none."""
    return x509.load_pem_x509_certificate(certificate.encode()).public_key() == key.public_key()


def renew_after(certificate: str) -> datetime:
    """Give when a certificate has come into its last third. Raises `ValueError` for what is none."""
    read = x509.load_pem_x509_certificate(certificate.encode())
    begins, ends = read.not_valid_before_utc, read.not_valid_after_utc
    return ends - (ends - begins) * LEFT
