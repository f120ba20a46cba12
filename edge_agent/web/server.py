"""The HTTP servers: one loop on a thread of its own, a plain port and one with TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI

from edge_agent.errors import DeviceError
from edge_agent.furniture.listening import listen
from edge_agent.web.live import Live

GRACE_SECONDS = 3
"""For requests that run when the service stops."""

DATE_SECONDS = 1.0
"""How often the time in the answers' headers is brought up to date."""

FRAME_BYTES = 1 << 20
"""The largest WebSocket message."""


@dataclass(frozen=True, slots=True)
class Port:
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Servers:
    """Serves one application on several ports."""

    def __init__(self, app: FastAPI, live: Live, ports: Sequence[Port]) -> None:
        self._live = live
        self._sockets = [_listen(port) for port in ports]
        self._servers = [_server(app, port, first=place == 0) for place, port in enumerate(ports)]
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def ports(self) -> list[int]:
        return [int(sock.getsockname()[1]) for sock in self._sockets]

    def start(self) -> None:
        """Serve; connections that come before the loop runs wait in the sockets' queues."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """End streams and requests, and wait for the loop."""
        for server in self._servers:
            server.should_exit = True
        if self._loop is not None and self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join(GRACE_SECONDS * 2)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve(sockets=[sock]) for server, sock in pairs))

    async def _end(self) -> None:
        for server in self._servers:
            server.leave.set()
        await self._live.close()


class _Server(uvicorn.Server):
    """Is told when to exit. Uvicorn's own loop asks ten times a second: half of what an idle device computed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.leave = asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # the Date of the answers, which tells seconds
            with suppress(TimeoutError):
                await asyncio.wait_for(self.leave.wait(), DATE_SECONDS)


def _listen(port: Port) -> socket.socket:
    try:
        return listen(port.host, port.port, backlog=128)
    except OSError as error:
        raise DeviceError(
            f"{port.host}:{port.port}: can't listen: {error.strerror} (端口被占用或无法监听).",
            do="Stop the other program, or set web.port and web.tls_port.",
        ) from error


def _server(app: FastAPI, port: Port, *, first: bool) -> _Server:
    tls = port.tls
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on" if first else "off",
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )
    return _Server(config)
