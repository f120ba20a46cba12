"""A client of tus 1.0: sends what is missing of a file in one streaming PATCH, from wherever the server stands.

The server's word on the offset counts, not ours: after a kill of either side it has what reached its disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from urllib3 import BaseHTTPResponse

from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
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
from edge_agent.sync.web import Before, FileBody, GoneError, Web


class TusClient:
    """Talks to one server. `base` is its address, `authorize` gives the header of a request made now."""

    def __init__(
        self, base: str, authorize: Callable[[], str], *, uploads: str = UPLOADS, ca: Path | None = None
    ) -> None:
        self._base = base.rstrip("/")
        self._uploads = self._base + uploads
        self._authorize = authorize
        self._web = Web(ca=ca)

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
        """Ask how much the server has. Raises `GoneError` where it knows nothing of it."""
        answer = self._ask("HEAD", url, {})
        return _offset(answer), _confirmation(answer)

    def send(self, url: str, path: Path, offset: int, before: Before) -> tuple[int, Signed | None]:
        """Send the file from `offset` on; give the server's new offset and, when it is whole, its confirmation.

        `before(size)` is called before each piece; it may wait, or raise to break off. `LineError` says
        that the connection broke: ask for the offset and go on.
        """
        with path.open("rb") as stream:
            body = FileBody(stream, offset, before)
            headers = {"Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM}
            answer = self._ask("PATCH", url, headers, body)
        return _offset(answer), _confirmation(answer)

    def put(self, url: str, path: Path, headers: Mapping[str, str], before: Before) -> None:
        """Put a file to an S3 store's presigned address; our own token has no business there."""
        with path.open("rb") as stream:
            try:
                self._web.ask("PUT", url, headers, FileBody(stream, 0, before))
            except GoneError as error:
                raise RefusedError(Code.FAILED, f"The store does not know the presigned address: {error}.") from error

    def confirm(self, size: int, metadata: UploadMetadata) -> Signed:
        """Ask the server to look whether the store has the file, and to confirm it."""
        described = {"Upload-Length": str(size), "Upload-Metadata": encode_metadata(metadata)}
        signed = _confirmation(self._ask("POST", self._base + CONFIRMATIONS, described))
        if signed is None:
            raise RefusedError(Code.FAILED, "The server does not confirm what the store has.")
        return signed

    def close(self) -> None:
        self._web.close()

    def _ask(self, method: str, url: str, headers: Mapping[str, str], body: FileBody | None = None) -> BaseHTTPResponse:
        sent = {"Tus-Resumable": TUS_VERSION, "Authorization": self._authorize(), **headers}
        return self._web.ask(method, url, sent, body)


def _offset(answer: BaseHTTPResponse) -> int:
    try:
        return int(answer.headers["Upload-Offset"])
    except (KeyError, ValueError) as error:
        raise RefusedError(Code.MALFORMED, "The server's answer has no Upload-Offset.") from error


def _confirmation(answer: BaseHTTPResponse) -> Signed | None:
    value = answer.headers.get(CONFIRMATION_HEADER)
    return None if value is None else from_header(value)
