"""A client of tus 1.0: sends what is missing of a file in one streaming PATCH, from wherever the server stands.

The server's word on the offset counts, not ours: after a kill of either side it has what reached its disk.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
    CHECKSUM_MISMATCH,
    CODE_HEADER,
    CONFIRMATION_HEADER,
    CONFIRMATIONS,
    OFFSET_STREAM,
    TUS_VERSION,
    UPLOADS,
    UploadMetadata,
    encode_metadata,
    from_header,
)
from edge_agent.sync.contract.signing import Signed

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
"""The server hashes a file, and may pass it on to S3, before it answers the last PATCH."""

_TIMEOUT = (CONNECT_SECONDS, ANSWER_SECONDS)
_CHUNK = 64 * 1024
_BUFFER = 64 * 1024
_GONE = {404, 410}
_TRY_AGAIN = {409, 423, 429}
"""The server stands elsewhere, still holds the lock of a broken connection, or has too much to do."""

_SERVER_ERROR = 500


class UploadGoneError(Exception):
    """The server no longer knows the upload's address."""


class _Adapter(HTTPAdapter):
    """Keeps little in the kernel: what lies there when the server is killed must be sent again."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        wanted = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)]
        super().init_poolmanager(*arguments, socket_options=wanted, **options)


class TusClient:
    """Talks to one server. `base` is its address, `authorize` gives the header of a request made now."""

    def __init__(
        self, base: str, authorize: Callable[[], str], *, uploads: str = UPLOADS, ca: Path | None = None
    ) -> None:
        self._base = base.rstrip("/")
        self._uploads = self._base + uploads
        self._authorize = authorize
        self._session = requests.Session()
        self._session.mount("http://", _Adapter())
        self._session.mount("https://", _Adapter())
        self._session.trust_env = False  # a proxy of the environment would be a way around the sealed mode
        if ca is not None:
            self._session.verify = str(ca)

    def create(self, size: int, metadata: UploadMetadata) -> tuple[str, Signed | None]:
        """Announce a file; give its address, and the confirmation where the server holds the bytes already."""
        answer = self._ask(
            "POST", self._uploads, {"Upload-Length": str(size), "Upload-Metadata": encode_metadata(metadata)}
        )
        location = urljoin(self._uploads, answer.headers.get("Location", ""))
        if urlsplit(location)[:2] != urlsplit(self._uploads)[:2]:
            raise RefusedError(Code.MALFORMED, f"The server gives the address of another one: {location}.")
        return location, _confirmation(answer)

    def offset(self, url: str) -> tuple[int, Signed | None]:
        """Ask how much the server has. Raises `UploadGoneError` where it knows nothing of it."""
        answer = self._ask("HEAD", url, {})
        return _offset(answer), _confirmation(answer)

    def send(self, url: str, path: Path, offset: int, before: Callable[[int], None]) -> tuple[int, Signed | None]:
        """Send the file from `offset` on; give the server's new offset and, when it is whole, its confirmation.

        `before(size)` is called before each piece; it may wait, or raise to break off. `requests.RequestException`
        says that the connection broke: ask for the offset and go on.
        """
        with path.open("rb") as stream:
            body = _Body(stream, offset, before)
            headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
            answer = self._ask("PATCH", url, headers, body)
        return _offset(answer), _confirmation(answer)

    def put(self, url: str, path: Path, headers: Mapping[str, str], before: Callable[[int], None]) -> None:
        """Put a file to an S3 store's presigned address; our own token has no business there."""
        with path.open("rb") as stream:
            answer = self._session.put(
                url, data=_Body(stream, 0, before), headers=dict(headers), timeout=_TIMEOUT, allow_redirects=False
            )
        if answer.status_code >= _SERVER_ERROR:
            raise requests.ConnectionError(f"PUT: {answer.status_code}")
        if not answer.ok:
            raise RefusedError(Code.FAILED, f"The store refuses the presigned PUT: {answer.status_code}.")

    def confirm(self, size: int, metadata: UploadMetadata) -> Signed:
        """Ask the server to look whether the store has the file, and to confirm it."""
        described = {"Upload-Length": str(size), "Upload-Metadata": encode_metadata(metadata)}
        signed = _confirmation(self._ask("POST", self._base + CONFIRMATIONS, described))
        if signed is None:
            raise RefusedError(Code.FAILED, "The server does not confirm what the store has.")
        return signed

    def close(self) -> None:
        self._session.close()

    def _ask(self, method: str, url: str, headers: dict[str, str], body: _Body | None = None) -> requests.Response:
        sent = {"Tus-Resumable": TUS_VERSION, "Authorization": self._authorize(), **headers}
        answer = self._session.request(
            method,
            url,
            headers=sent,
            data=body,
            timeout=_TIMEOUT,
            allow_redirects=False,
        )
        if answer.status_code in _GONE:
            raise UploadGoneError(url)
        if answer.status_code == CHECKSUM_MISMATCH:
            raise RefusedError(Code.HASH_DIFFERS, "What arrived at the centre has another SHA-256.")
        if answer.status_code in _TRY_AGAIN or answer.status_code >= _SERVER_ERROR:
            raise requests.ConnectionError(f"{method}: {answer.status_code} {answer.text[:200]}")
        if not answer.ok:
            code = answer.headers.get(CODE_HEADER, "")
            raise RefusedError(
                Code(code) if code in set(Code) else Code.FAILED, f"{method} {answer.status_code}: {answer.text[:200]}"
            )
        return answer


class _Body:
    """The rest of a file; its length is known, so it goes as it is and not in chunks of HTTP's own."""

    def __init__(self, stream: BinaryIO, offset: int, before: Callable[[int], None]) -> None:
        self._stream = stream
        self._length = stream.seek(0, 2) - offset
        self._before = before
        stream.seek(offset)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._stream.read(_CHUNK):
            self._before(len(piece))
            yield piece


def _offset(answer: requests.Response) -> int:
    try:
        return int(answer.headers["Upload-Offset"])
    except (KeyError, ValueError) as error:
        raise RefusedError(Code.MALFORMED, "The server's answer has no Upload-Offset.") from error


def _confirmation(answer: requests.Response) -> Signed | None:
    value = answer.headers.get(CONFIRMATION_HEADER)
    return None if value is None else from_header(value)
