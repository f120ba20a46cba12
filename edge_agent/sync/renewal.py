"""The device's certificate, made anew by the centre for the same key long before the old one ends."""

from __future__ import annotations

import logging

from cryptography import x509

from edge_agent.clock import Clock
from edge_agent.errors import EdgeAgentError
from edge_agent.sync.enrol import CentreClient
from edge_agent.sync.identity import IdentityFolder

log = logging.getLogger(__name__)

LEFT = 1 / 3
"""Of its life: a certificate of 825 days has nine months to find a centre that is there."""

LOOK_SECONDS = 6 * 3600.0


class Renewal:
    """Belongs to the thread that speaks HTTP. The broker sees the new certificate at the next connection."""

    def __init__(self, agent: str, folder: IdentityFolder, client: CentreClient, clock: Clock) -> None:
        self._agent = agent
        self._folder = folder
        self._client = client
        self._clock = clock
        self._due = 0.0

    def tick(self) -> None:
        """Look four times a day; a centre that does not answer is asked again then."""
        stamp = self._clock.stamp()
        # A device made known by hand has none: it has a password, or an open broker.
        if stamp.boottime < self._due or not self._folder.certificate.exists():
            return
        self._due = stamp.boottime + LOOK_SECONDS
        try:
            old = x509.load_pem_x509_certificate(self._folder.certificate.read_bytes())
            begins, ends = old.not_valid_before_utc, old.not_valid_after_utc
            if stamp.wall < ends - (ends - begins) * LEFT:
                return
            new = self._client.renew(self._folder.signing_request(self._agent))
            x509.load_pem_x509_certificate(new.encode())  # what can't be read must not replace what can
            self._folder.write_certificate(new)
            log.info("the certificate that ends at %s is renewed", ends)
        except (EdgeAgentError, OSError, ValueError) as error:
            log.warning("the certificate is not renewed: %s", error)
