"""What every answer bears and every request must be: headers, host, origin, size, TLS outside the device."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
    " connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LARGEST_BODY = 64 << 20
PLAIN = ("/trust", "/static/", "/healthz")
"""What a device on the LAN may fetch without TLS: how to come to trust it."""

_NOTHING = re.compile(r"(?!)")

FORM_HEADER = "X-CSRF-Token"
SAFE = {"GET", "HEAD", "OPTIONS"}
"""Methods that change nothing."""


def csrf_token(token: str) -> str:
    """Give what a form of this session must bear: nobody who can't read the cookie can know it."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()


def is_token_of(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), csrf_token(token).encode())


class Shield:
    """Wraps the application. `names` are the host names that this program answers to, besides addresses.

    `beside` are the addresses that programs use, with guards of their own: they only get the headers. `streamed`
    matches whole paths whose body is taken piece by piece, with a limit of the handler's own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: frozenset[str],
        tls_port: int | None = None,
        beside: tuple[str, ...] = (),
        streamed: re.Pattern[str] = _NOTHING,
    ) -> None:
        self._beside = beside
        self._streamed = streamed
        self._app = app
        self._names = names | {"localhost"}
        self._tls_port = tls_port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = None if self._beside and scope["path"].startswith(self._beside) else self._refuse(scope, headers)
        if refusal is not None:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            await refusal(scope, receive, self._sender(scope, send))
            return
        counted = scope["type"] == "http" and not self._is_streamed(scope)
        await self._app(scope, _counted(receive) if counted else receive, self._sender(scope, send))

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        name = (urlsplit(f"//{host}").hostname or "").lower()
        if name not in self._names and not _is_address(name):
            # A name of somebody else's that leads here: DNS rebinding.
            return _problem(421, "This server does not answer to that name (请用本服务器的域名访问).")
        if not _same_origin(headers, host) and (scope["type"] == "websocket" or scope["method"] not in SAFE):
            return _problem(403, "Sent from another site.")
        length = headers.get("content-length", "0")
        if not length.isdigit() or (int(length) > LARGEST_BODY and not self._is_streamed(scope)):
            return _problem(413, f"Larger than {LARGEST_BODY >> 20} MB (内容过大).")
        client = scope.get("client")
        local = client is None or is_local(client[0])
        if not local and scope["scheme"] in {"http", "ws"} and not scope["path"].startswith(PLAIN):
            if self._tls_port is None or scope["type"] == "websocket":
                return _problem(403, "Only over TLS.")
            return RedirectResponse("/trust", 303)
        return None

    def _is_streamed(self, scope: Scope) -> bool:
        return self._streamed.fullmatch(scope["path"]) is not None

    def _sender(self, scope: Scope, send: Send) -> Callable[[Message], Awaitable[None]]:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        return with_headers


def _counted(receive: Receive) -> Receive:
    """Stop a body that is sent in pieces, whose length nobody said, where one that says its length is refused."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_BODY:
            raise HTTPException(413, f"Larger than {LARGEST_BODY >> 20} MB (内容过大).")
        return message

    return counting


def _same_origin(headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == host
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_local(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback


def _problem(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail, "do": ""}, status, media_type="application/problem+json")
