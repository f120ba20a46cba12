"""The device's certificate, made anew by the centre for the same key long before the old one ends."""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

from edge_agent.clock import Clock
from edge_agent.errors import EdgeAgentError
from edge_agent.sync.enrol import CentreClient
from edge_agent.sync.identity import Identity, IdentityFolder

log = logging.getLogger(__name__)

LOOK_SECONDS = 6 * 3600.0


class Renewal:
    """Belongs to the thread that speaks HTTP. The broker sees the new certificate at the next connection."""

    def __init__(self, folder: IdentityFolder, client: CentreClient, clock: Clock) -> None:
        self._folder = folder
        self._client = client
        self._clock = clock
        self._due = 0.0

    def tick(self) -> None:
        """Look four times a day; a centre that does not answer is asked again then."""
        stamp = self._clock.stamp()
        if stamp.boottime < self._due:
            return
        self._due = stamp.boottime + LOOK_SECONDS
        identity = self._folder.read()
        # A device made known by hand has no certificate: it has a password, or an open broker.
        if identity is None or not self._folder.certificate.exists():
            return
        if identity.renew_after is not None and stamp.wall < identity.renew_after:
            return
        try:
            self._look(identity, stamp.wall)
        except (EdgeAgentError, OSError, ValueError) as error:
            log.warning("the certificate is not renewed: %s", error)

    def _look(self, identity: Identity, now: datetime) -> None:
        from edge_agent.sync.certificate import is_of, renew_after, signing_request  # noqa: PLC0415 - see that module

        due = renew_after(self._folder.certificate.read_text("ascii"))
        if now >= due:
            key = self._folder.private_key()
            new = self._client.renew(signing_request(key, identity.agent))
            due = renew_after(new)  # what can't be read, or used, must not replace what can
            if not is_of(new, key):
                raise ValueError("the certificate is for another key")
            self._folder.write_certificate(new)
            log.info("the certificate is renewed; the next time will be after %s", due)
        # Not what was read before the centre was asked: one of its commands may have changed the keys meanwhile.
        self._folder.change(lambda known: msgspec.structs.replace(known, renew_after=due))
