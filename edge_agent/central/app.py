"""The centre's HTTP: uploads and enrolment for agents, pages for people."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from urllib.parse import quote, urlsplit

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from edge_agent.central import agents_http, api, pages, tus
from edge_agent.central.centre import Centre
from edge_agent.central.pages.guard import PAGES, View
from edge_agent.errors import DeviceError, EdgeAgentError
from edge_agent.furniture.forms import PROBLEM_TYPE, problem_of, told
from edge_agent.furniture.listening import listen
from edge_agent.furniture.shield import Shield
from edge_agent.furniture.visit import LoginRequiredError, PasswordChangeRequiredError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import CHECKSUM_MISMATCH, CODE_HEADER, UPLOADS

_BUFFER = 128 * 1024
"""What lies in the kernel when this process is killed must be sent again."""

_STATUS = {
    Code.HASH_DIFFERS: CHECKSUM_MISMATCH,
    Code.TOO_LARGE: 413,
    Code.BAD_SIGNATURE: 401,
    Code.UNKNOWN_AGENT: 401,
    Code.EXPIRED: 401,
    Code.NOT_FOUND: 404,
}

AGENTS = ("/v1/",)
"""What agents call; everything else is for people."""

_STREAMED = re.compile(rf"{UPLOADS}/[^/]+")
"""A recording may be far larger than any other request."""


def create_app(centre: Centre) -> FastAPI:
    app = FastAPI(title="edge_agent centre", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.centre = centre
    for error in (EdgeAgentError, RequestValidationError, HTTPException):
        app.add_exception_handler(error, _refuse)
    for router in (tus.options, tus.router, tus.confirmations, agents_http.router, api.router, pages.router):
        app.include_router(router)
    app.mount("/static", PAGES.files())
    names = {urlsplit(centre.config.agents_http).hostname or "", *centre.config.names} - {""}
    known = frozenset(name.lower() for name in names)
    app.add_middleware(Shield, names=known, beside=AGENTS, streamed=_STREAMED)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer agents with a code of the contract, the API with a problem, a page with a page."""
    if request.url.path.startswith(AGENTS):
        return _refuse_agent(error)
    problem = problem_of(error)
    if request.url.path.startswith(api.PREFIX):
        return JSONResponse(problem.model_dump(), problem.status, media_type=PROBLEM_TYPE)
    if isinstance(error, LoginRequiredError):
        return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
    if isinstance(error, PasswordChangeRequiredError):
        return RedirectResponse("/password", 303)
    view = View(request, request.app.state.centre)
    return view.page("error.html", problem.status, problem=problem, **told(problem, view.language))


def _refuse_agent(error: Exception) -> JSONResponse:
    """Say what was wrong, in words and as a code of the contract."""
    problem, code = problem_of(error), ""
    status = problem.status
    if isinstance(error, RefusedError):
        status, code = _STATUS.get(error.code, status), error.code.value
    content = {"message": problem.detail, "do": problem.do, "code": code}
    return JSONResponse(content, status, headers={CODE_HEADER: code} if code else None)


class HttpServer:
    """Serves one application on a thread of its own."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        try:
            self._socket = listen(host, port, backlog=512)
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
