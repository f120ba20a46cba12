"""Whom the device believes over TLS: the system's authorities, and those that it was provisioned with beside them.

A centre's broker bears a certificate of the centre's own authority, its HTTPS and an S3 store often a public one: each
is as good as the other, because everything that matters is signed with the centre's own keys as well.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from edge_agent.errors import InputError


def tls_context(authority: Path | None, *, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """Make a client's context; `certificate` and `key` are the device's own. Raises `InputError` for a broken file."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if authority is not None:
            context.load_verify_locations(authority)
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{authority or certificate}: {error}.", do="Name a PEM file, or provision again.") from error
    return context
