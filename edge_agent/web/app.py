"""The application: routes, errors, headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from edge_agent import __version__, errors
from edge_agent.furniture.forms import PROBLEM_TYPE, Problem, problem_of, told
from edge_agent.furniture.shield import Shield
from edge_agent.furniture.visit import LoginRequiredError, PasswordChangeRequiredError
from edge_agent.web import api, pages
from edge_agent.web.guard import View, site_of
from edge_agent.web.kiosk import socket as kiosk_socket
from edge_agent.web.render import PAGES
from edge_agent.web.site import Site
from edge_agent.web.stage import playback_router
from edge_agent.web.station import socket as station_socket

TITLE = "edge_agent"

_STREAMED = re.compile(rf"{api.PREFIX}/supplements")
"""Supplementary footage is taken piece by piece; the handler has a limit of its own."""


def create_app(site: Site, *, names: frozenset[str] = frozenset(), tls_port: int | None = None) -> FastAPI:
    """Make the application; `names` are the host names it answers to, `tls_port` is told to devices on the LAN."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(site.live.run())
        yield
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking

    app = FastAPI(
        title=TITLE,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{api.PREFIX}/openapi.json",
        lifespan=lifespan,
    )
    app.state.site = site
    # A router's fields are worked out at the first request that passes it, 0.3 s of the loop's time for the API's: what
    # a kiosk's page needs comes before it.
    app.mount("/static", PAGES.files())
    app.include_router(kiosk_socket.router)
    app.include_router(station_socket.router)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(playback_router(site))
    app.include_router(api.router)
    app.add_exception_handler(errors.EdgeAgentError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_error)
    app.add_exception_handler(HTTPException, _on_error)
    app.add_middleware(Shield, names=names, tls_port=tls_port, streamed=_STREAMED)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to add to it
    return app


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=TITLE, version=__version__, routes=app.routes)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        schema["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"bearer": []}]
        app.openapi_schema = schema
    return app.openapi_schema


async def _on_error(request: Request, error: Exception) -> Response:
    """Answer the API with a problem, a page with a page."""
    problem = problem_of(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if request.url.path.startswith("/api/"):
        return JSONResponse(problem.model_dump(), problem.status, media_type=PROBLEM_TYPE, headers=headers)
    if isinstance(error, LoginRequiredError):
        return RedirectResponse(f"/login?next={request.url.path}", 303)
    if isinstance(error, PasswordChangeRequiredError):
        return RedirectResponse("/password", 303)
    view = View(request, site_of(request))
    return view.page("error.html", problem.status, problem=problem, **told(problem, view.language))
