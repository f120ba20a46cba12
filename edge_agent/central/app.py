"""The centre's HTTP: uploads and enrolment for agents, pages for people."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from edge_agent.central import agents_http, tus
from edge_agent.central.centre import Centre
from edge_agent.errors import DeviceError, EdgeAgentError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import CHECKSUM_MISMATCH, CODE_HEADER

_BUFFER = 64 * 1024
"""What lies in the kernel when this process is killed must be sent again."""

_STATUS = {
    Code.HASH_DIFFERS: CHECKSUM_MISMATCH,
    Code.TOO_LARGE: 413,
    Code.BAD_SIGNATURE: 401,
    Code.UNKNOWN_AGENT: 401,
    Code.EXPIRED: 401,
    Code.NOT_FOUND: 404,
}


def create_app(centre: Centre) -> FastAPI:
    app = FastAPI(title="edge_agent centre", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.centre = centre
    app.add_exception_handler(EdgeAgentError, _refuse)
    app.include_router(tus.options)
    app.include_router(tus.router)
    app.include_router(tus.confirmations)
    app.include_router(agents_http.router)
    return app


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    """Say what was wrong, in words and, to agents, as a code of the contract."""
    if not isinstance(error, EdgeAgentError):
        raise error
    status, code = error.status, ""
    if isinstance(error, RefusedError):
        status, code = _STATUS.get(error.code, error.status), error.code.value
    content = {"message": error.message, "do": error.do, "code": code}
    return JSONResponse(content, status, headers={CODE_HEADER: code} if code else None)


class HttpServer:
    """Serves one application on a thread of its own."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        try:
            self._socket = socket.create_server((host, port), backlog=512)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        except OSError as error:
            raise DeviceError(
                f"{host}:{port}: can't listen: {error.strerror} (端口被占用).", do="Choose another --http PORT."
            ) from error
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=3)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))
