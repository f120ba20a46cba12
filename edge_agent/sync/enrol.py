"""How this device becomes an agent of a centre, and gets back what a broken box had sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
from urllib3 import BaseHTTPResponse

from edge_agent.errors import DeviceError, InputError
from edge_agent.store.documents import Document
from edge_agent.store.outbox import Stored
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import decode_batch, decode_document
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
    CERTIFICATE,
    DOCUMENTS,
    FACTS,
    MEDIA,
    PROVISION,
    Provisioned,
    ProvisionRequest,
)
from edge_agent.sync.contract.signing import decode
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.web import GoneError, LineError, Web, read_exactly

_LENGTH = 4


class CentreClient:
    """HTTPS to the centre at `url`; `ca` is whom to believe beside the system's authorities."""

    def __init__(self, url: str, *, ca: Path | None = None, authorize: Callable[[], str] | None = None) -> None:
        if not url.startswith(("https://", "http://")):
            raise InputError(f"{url}: not an address of a centre.", do="Give https://HOST.")
        self._url = url.rstrip("/")
        self._authorize = authorize
        self._web = Web(ca=ca)

    def provision(self, request: ProvisionRequest) -> Provisioned:
        return decode(self._ask("POST", PROVISION, msgspec.json.encode(request)).data, Provisioned)

    def renew(self, csr: str) -> str:
        """Give a new certificate for the device's own key."""
        return self._ask("POST", CERTIFICATE, csr.encode()).data.decode(errors="replace")

    def journal(self) -> Iterator[Stored]:
        """Give what the centre holds of this agent, in order."""
        for message in self._messages(FACTS):
            batch = decode_batch(message)
            header = batch.header
            yield Stored(header.epoch, header.first, batch.bodies, bytes.fromhex(header.head))

    def documents(self, now: datetime) -> Iterator[Document]:
        for message in self._messages(DOCUMENTS):
            header, body = decode_document(message)
            yield Document(header.id, header.kind, header.subject, header.revision, header.sha256, body, now)

    def media(self) -> frozenset[str]:
        """Give the ids of the media that the centre holds."""
        return frozenset(decode(self._ask("GET", MEDIA).data, list[str]))

    def close(self) -> None:
        self._web.close()

    def _messages(self, path: str) -> Iterator[bytes]:
        answer = self._ask("GET", path, whole=False)
        try:
            while head := read_exactly(answer, _LENGTH):
                size = int.from_bytes(head, "big")
                if size > limits.MESSAGE_BYTES:
                    raise RefusedError(Code.TOO_LARGE, f"A message of {size} bytes.")
                yield read_exactly(answer, size)
        except LineError as error:
            raise DeviceError(f"The connection to the centre broke off: {error}.", do="Run it again.") from error
        finally:
            answer.close()

    def _ask(self, method: str, path: str, data: bytes = b"", *, whole: bool = True) -> BaseHTTPResponse:
        headers = {"Authorization": self._authorize()} if self._authorize else {}
        try:
            return self._web.ask(method, self._url + path, headers, data, whole=whole)
        except LineError as error:
            raise DeviceError(
                f"{self._url} does not answer (中心无法连接): {error}.", do="Check the address, the network and --ca."
            ) from error
        except GoneError as error:
            raise RefusedError(
                Code.NOT_FOUND, f"{self._url} is not a centre: {error}.", do="Check that --url is the centre's address."
            ) from error


def keep(folder: IdentityFolder, given: Provisioned, *, ca: Path | None = None) -> Identity:
    """Write down who we are; the identity comes last, because the sync service waits for it.

    `ca` is whom this device was told to believe; the centre's own authority stands beside it from now on.
    """
    identity = Identity(tenant=given.tenant, agent=given.agent, mqtt=given.mqtt, http=given.http, keys=given.keys)
    told = "" if ca is None else ca.read_text("ascii")
    folder.write_certificates(given.certificate, f"{given.authority}\n{told}")
    folder.write(identity)
    return identity
