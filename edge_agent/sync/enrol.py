"""How this device becomes an agent of a centre, and gets back what a broken box had sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import requests
from urllib3 import BaseHTTPResponse

from edge_agent.errors import DeviceError, InputError
from edge_agent.store.documents import Document
from edge_agent.store.outbox import Stored
from edge_agent.sync.contract import limits
from edge_agent.sync.contract.batch import decode_batch, decode_document
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
    CERTIFICATE,
    CODE_HEADER,
    DOCUMENTS,
    FACTS,
    MEDIA,
    PROVISION,
    Provisioned,
    ProvisionRequest,
)
from edge_agent.sync.contract.signing import decode
from edge_agent.sync.identity import Identity, IdentityFolder

_TIMEOUT = (10.0, 60.0)
_LENGTH = 4


class CentreClient:
    """HTTPS to the centre at `url`; `ca` is whom to believe, None: the system's authorities."""

    def __init__(self, url: str, *, ca: Path | None = None, authorize: Callable[[], str] | None = None) -> None:
        if not url.startswith(("https://", "http://")):
            raise InputError(f"{url}: not an address of a centre.", do="Give https://HOST.")
        self._url = url.rstrip("/")
        self._authorize = authorize
        self._session = requests.Session()
        self._session.trust_env = False
        if ca is not None:
            self._session.verify = str(ca)

    def provision(self, request: ProvisionRequest) -> Provisioned:
        return decode(self._ask("POST", PROVISION, msgspec.json.encode(request)).content, Provisioned)

    def renew(self, csr: str) -> str:
        """Give a new certificate for the device's own key."""
        return self._ask("POST", CERTIFICATE, csr.encode()).text

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
        return frozenset(decode(self._ask("GET", MEDIA).content, list[str]))

    def _messages(self, path: str) -> Iterator[bytes]:
        answer = self._ask("GET", path, stream=True)
        with answer:
            while head := _exactly(answer.raw, _LENGTH):
                size = int.from_bytes(head, "big")
                if size > limits.MESSAGE_BYTES:
                    raise RefusedError(Code.TOO_LARGE, f"A message of {size} bytes.")
                yield _exactly(answer.raw, size)

    def _ask(self, method: str, path: str, data: bytes = b"", *, stream: bool = False) -> requests.Response:
        headers = {"Authorization": self._authorize()} if self._authorize else {}
        try:
            answer = self._session.request(
                method, self._url + path, data=data, headers=headers, timeout=_TIMEOUT, stream=stream
            )
        except requests.RequestException as error:
            raise DeviceError(
                f"{self._url} does not answer (中心无法连接): {error}.", do="Check the address, the network and --ca."
            ) from error
        if not answer.ok:
            raise _refusal(answer)
        return answer


def _refusal(answer: requests.Response) -> RefusedError:
    """Say what the centre said."""
    code = answer.headers.get(CODE_HEADER, "")
    try:
        said = answer.json()
        message, do = str(said["message"]), str(said["do"])
    except (ValueError, KeyError, TypeError):
        message, do = f"The centre answers {answer.status_code}.", "Check that --url is the centre's address."
    return RefusedError(Code(code) if code in set(Code) else Code.FAILED, message, do=do)


def _exactly(stream: BaseHTTPResponse, size: int) -> bytes:
    """Read `size` bytes, or nothing at the end. Raises `DeviceError` where the connection ends within."""
    found = stream.read(size)
    while 0 < len(found) < size:
        more = stream.read(size - len(found))
        if not more:
            raise DeviceError("The connection to the centre broke off.", do="Run it again.")
        found += more
    return found


def keep(folder: IdentityFolder, given: Provisioned) -> Identity:
    """Write down who we are; the identity comes last, because the sync service waits for it."""
    identity = Identity(tenant=given.tenant, agent=given.agent, mqtt=given.mqtt, http=given.http, keys=given.keys)
    folder.write_certificates(given.certificate, given.authority)
    folder.write(identity)
    return identity
