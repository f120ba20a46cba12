"""The virtual camera's web side: ONVIF, the snapshot, and a control page for its faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

from aiohttp import web

from edge_agent.errors import InputError
from edge_agent.simulator import soap
from edge_agent.simulator.accounts import Verdict
from edge_agent.simulator.device import Device
from edge_agent.simulator.faults import Fault

_NEVER_S = 86_400
_MAX_BODY = 64 * 1024

FaultCommand = Callable[[str, float | None, dict[str, object]], None]


class HttpServer:
    """`command` is what `POST /simulator/fault` does: `{"name": "freeze", "seconds": 5}`."""

    def __init__(self, device: Device, command: FaultCommand) -> None:
        self._device = device
        self._command = command
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_post("/onvif/{service}", self._onvif)
        app.router.add_get("/snapshot/{source}/{name}", self._snapshot)
        app.router.add_post("/simulator/fault", self._fault)
        # A handler that is silent on purpose must not hold up the camera's end.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self._site: web.TCPSite | None = None

    async def start(self) -> None:
        if self._runner.server is None:
            await self._runner.setup()
        self._site = web.TCPSite(self._runner, self._device.host, self._device.http_port, reuse_address=True)
        await self._site.start()
        self._device.http_port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Refuses connections; `start` serves again on the same port."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        if self._runner.server is not None:
            await self._runner.server.shutdown(0.1)

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _onvif(self, request: web.Request) -> web.StreamResponse:
        board = self._device.board
        if board.active(Fault.SILENT):
            await asyncio.sleep(_NEVER_S)
        if board.active(Fault.ENDLESS_SOAP):
            return await self._endless(request)
        reply = soap.answer(self._device, await request.read(), request.headers.get("Authorization"))
        headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
        if reply.challenge:
            headers["WWW-Authenticate"] = reply.challenge
        return web.Response(status=reply.status, body=reply.body, headers=headers)

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/soap+xml; charset=utf-8"})
        await response.prepare(request)
        await response.write(b'<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body>')
        while self._device.board.active(Fault.ENDLESS_SOAP):
            await response.write(b"<a>endless</a>" * 4096)
            await asyncio.sleep(0.01)
        return response

    async def _snapshot(self, request: web.Request) -> web.Response:
        match self._device.accounts.digest(request.method, request.headers.get("Authorization")):
            case Verdict.LOCKED:
                return web.Response(status=403)
            case Verdict.ANONYMOUS | Verdict.WRONG:
                challenge = self._device.accounts.challenge(qop=True)
                return web.Response(status=401, headers={"WWW-Authenticate": challenge})
            case Verdict.WELCOME:
                profile = self._device.profile(request.path.removeprefix("/snapshot"))
        if profile is None:
            return web.Response(status=404)
        return web.Response(body=self._device.jpeg(profile), content_type="image/jpeg")

    async def _fault(self, request: web.Request) -> web.Response:
        try:
            given = json.loads(await request.read())
            name, seconds = str(given.pop("name")), given.pop("seconds", None)
            # Off the loop: a fault may encode another picture first.
            await asyncio.to_thread(self._command, name, seconds, given)
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            return web.Response(status=422, text=str(error))
        return web.Response(status=204)
