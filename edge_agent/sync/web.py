"""HTTP to one server: one place that says what an answer means, and the smallest client that does the work.

`requests` on top of urllib3 would cost every agent 6 MB of memory and give it a proxy from the environment, which is a
way around the sealed mode.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import CHECKSUM_MISMATCH, CODE_HEADER
from edge_agent.sync.trust import tls_context

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 120.0
"""The server hashes a file, and may pass it on to S3, before it answers the last PATCH."""

_PIECE = 64 * 1024
_BUFFER = 128 * 1024
"""Little is kept in the kernel: what lies there when the server is killed must be sent again."""

_BAD_REQUEST, _SERVER_ERROR = 400, 500
_GONE = {404, 410}
_TRY_AGAIN = {409, 423, 429}
"""The server stands elsewhere, still holds the lock of a broken connection, or has too much to do."""


class LineError(Exception):
    """The connection broke, or the server can't just now: nobody's fault, so it is tried again."""


class GoneError(Exception):
    """The server knows nothing under this address."""


class Before(Protocol):
    """Called before each piece of a file with its size; it may wait, or raise to break off."""

    def __call__(self, size: int, /) -> None: ...


class FileBody:
    """The rest of a file; its length is known, so it goes as it is and not in chunks of HTTP's own."""

    def __init__(self, stream: BinaryIO, offset: int, before: Before) -> None:
        self._stream = stream
        self.length = stream.seek(0, 2) - offset
        self._before = before
        stream.seek(offset)

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._stream.read(_PIECE):
            self._before(len(piece))
            yield piece


class Web:
    """Asks one server. `ca` is whom to believe beside the system's authorities."""

    def __init__(self, *, ca: Path | None = None) -> None:
        self._ca = ca
        self._pools: dict[str, PoolManager] = {}

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | FileBody | None = None,
        *,
        whole: bool = True,
    ) -> BaseHTTPResponse:
        """Give the answer to a request; with `whole` False its content is still to be read, with `pieces`.

        Raises `LineError` where it is worth another try, `GoneError`, and `RefusedError` with the server's own words.
        """
        sent = dict(headers or {})
        if isinstance(body, FileBody):
            sent["Content-Length"] = str(body.length)
        try:
            answer = self._pool(url).request(
                method, url, headers=sent, body=body, redirect=False, preload_content=whole
            )
        except (HTTPError, OSError) as error:
            raise LineError(f"{method}: {error}") from error
        if answer.status < _BAD_REQUEST:
            return answer
        try:
            raise _refusal(method, answer.status, answer.headers.get(CODE_HEADER, ""), answer.data)
        except HTTPError as error:
            raise LineError(f"{method}: {error}") from error

    def close(self) -> None:
        for pool in self._pools.values():
            pool.clear()

    def _pool(self, url: str) -> PoolManager:
        """Give the connections of a scheme; the authorities' certificates are read where TLS is spoken."""
        scheme = url.partition(":")[0]
        if scheme not in self._pools:
            self._pools[scheme] = PoolManager(
                maxsize=1,
                retries=False,
                timeout=Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
                ssl_context=tls_context(self._ca) if scheme == "https" else None,
                socket_options=[*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)],
            )
        return self._pools[scheme]


def read_some(answer: BaseHTTPResponse, size: int = _PIECE) -> bytes:
    """Read the next piece of an answer that was not taken whole; nothing at its end. Raises `LineError` within."""
    try:
        return answer.read(size)
    except (HTTPError, OSError) as error:
        raise LineError(str(error)) from error


def read_exactly(answer: BaseHTTPResponse, size: int) -> bytes:
    """Read `size` bytes of an answer that was not taken whole, or nothing at its end. Raises `LineError` within."""
    found = b""
    while len(found) < size and (more := read_some(answer, size - len(found))):
        found += more
    if found and len(found) < size:
        raise LineError("the connection broke off")
    return found


def _refusal(method: str, status: int, code: str, content: bytes) -> Exception:
    if status in _GONE:
        return GoneError(f"{method}: {status}")
    if status == CHECKSUM_MISMATCH:
        return RefusedError(Code.HASH_DIFFERS, "What arrived at the centre has another SHA-256.")
    if status in _TRY_AGAIN or status >= _SERVER_ERROR:
        return LineError(f"{method}: {status} {content[:200].decode(errors='replace')}")
    try:
        said = json.loads(content)
        message, do = str(said["message"]), str(said["do"])
    except (ValueError, KeyError, TypeError):
        message, do = f"{method} is answered with {status}.", "Check that the address is the centre's."
    return RefusedError(Code(code) if code in set(Code) else Code.FAILED, message, do=do)
