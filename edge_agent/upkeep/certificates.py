"""The ends of the device's certificates: what is not renewed in time cuts off tablets or the centre."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificate


def certificate_ends(data_dir: Path) -> Iterator[tuple[str, datetime]]:
    """Give file and end of each that is there."""
    for name in ("sync/agent.pem", "tls/ca.crt"):
        with suppress(OSError, ValueError):
            yield name, load_pem_x509_certificate((data_dir / name).read_bytes()).not_valid_after_utc
