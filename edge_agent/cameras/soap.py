"""How SOAP reaches a camera: one request, bounded in time and size, no redirect, no retry, no trick in the XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import httpx
from zeep.exceptions import Error as ZeepError
from zeep.loader import parse_xml
from zeep.settings import Settings
from zeep.transports import Transport
from zeep.wsdl.utils import etree_to_string

MAX_ANSWER = 1 << 20  # bytes; the longest honest answer, 64 channels of an NVR, is about 300 KB
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_LOCKED = re.compile(r"(?<![a-z])lock|locked|lockout", re.IGNORECASE)
_CHUNK = 16 * 1024
# zeep's own settings for cameras mend broken XML silently, so that half an answer would look like a whole one.
_STRICT = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)


class BadAnswerError(Exception):
    """What came is too long, cut off, or no XML that may be read; perhaps a web page."""

    def __init__(self, message: str, *, web_page: bool = False) -> None:
        super().__init__(message)
        self.web_page = web_page


@dataclass
class UnauthorizedError(Exception):
    """HTTP said no. `digest`: it offers HTTP digest; `locked`: it says that the account is locked."""

    digest: bool
    locked: bool


class GuardedTransport(Transport):
    """zeep's way out. Nothing is ever sent twice: a password that was wrong must not be counted as wrong again."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        super().__init__(cache=None)  # type: ignore[no-untyped-call] # zeep is half typed
        self._guarded = session

    async def post_xml(self, address: str, envelope: Any, headers: dict[str, str]) -> httpx.Response:
        request = etree_to_string(envelope)  # type: ignore[no-untyped-call] # zeep is half typed
        async with self._guarded.post(address, data=request, headers=headers, allow_redirects=False) as response:
            content = await _read(response)
            if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                challenges = " ".join(response.headers.getall("WWW-Authenticate", []))
                raise UnauthorizedError(
                    digest="digest" in challenges.lower(), locked=says_locked(content.decode("utf-8", "replace"))
                )
            if content:
                _examine(content)
            content_type = response.headers.get("Content-Type", "text/xml")
            return httpx.Response(response.status, headers={"Content-Type": content_type}, content=content)

    async def aclose(self) -> None:
        """The session is its owner's."""


def says_locked(text: str) -> bool:
    """Whether a refusal speaks of a lock-out, and not of a clock."""
    return _LOCKED.search(text) is not None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > MAX_ANSWER:
            raise BadAnswerError(f"more than {MAX_ANSWER} bytes")
    return bytes(content)


def _examine(content: bytes) -> None:
    try:
        parse_xml(content, None, settings=_STRICT)  # type: ignore[arg-type] # bytes, so that XML names its encoding
    except (ZeepError, ValueError) as error:
        # The text quotes the answer; its kind says enough.
        web_page = b"<html" in content[:512].lower()
        raise BadAnswerError(type(error).__name__, web_page=web_page) from error
