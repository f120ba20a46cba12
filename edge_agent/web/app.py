"""The application: routes, errors, headers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from edge_agent import __version__, errors
from edge_agent.web import api, pages
from edge_agent.web.api.base import PROBLEM_TYPE, Problem, first
from edge_agent.web.guard import LoginRequiredError, PasswordChangeRequiredError, View, site_of
from edge_agent.web.kiosk import socket
from edge_agent.web.render import STATIC
from edge_agent.web.security import Shield
from edge_agent.web.site import Site
from edge_agent.web.stage import playback_router

TITLE = "edge_agent"


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
    app.include_router(api.router)
    app.include_router(pages.router, include_in_schema=False)
    app.include_router(socket.router)
    app.include_router(playback_router(site))
    app.mount("/static", _Static(directory=STATIC))
    app.add_exception_handler(errors.EdgeAgentError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_error)
    app.add_exception_handler(HTTPException, _on_error)
    app.add_middleware(Shield, names=names, tls_port=tls_port)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]  # FastAPI's documented way to add to it
    return app


class _Static(StaticFiles):
    """Files whose address bears their digest may be kept for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if b"v=" in scope["query_string"] else "no-cache"
        )
        return response


def _describe(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(title=TITLE, version=__version__, routes=app.routes)
        schema["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        schema["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
        schema["security"] = [{"bearer": []}]
        app.openapi_schema = schema
    return app.openapi_schema


def _problem(error: Exception) -> Problem:
    if isinstance(error, errors.EdgeAgentError):
        return Problem(status=error.status, detail=error.message, do=error.do)
    if isinstance(error, RequestValidationError):
        fields = first(error.errors())
        named = "; ".join(f"{name}: {message}" for name, message in fields.items())
        return Problem(status=422, detail=named, do="Mend the fields named (请检查填写的内容).", fields=fields)
    if isinstance(error, HTTPException):
        return Problem(status=error.status_code, detail=str(error.detail))
    raise error


async def _on_error(request: Request, error: Exception) -> Response:
    """Answer the API with a problem, a page with a page."""
    problem = _problem(error)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if request.url.path.startswith("/api/"):
        return JSONResponse(problem.model_dump(), problem.status, media_type=PROBLEM_TYPE, headers=headers)
    if isinstance(error, LoginRequiredError):
        return RedirectResponse(f"/login?next={request.url.path}", 303)
    if isinstance(error, PasswordChangeRequiredError):
        return RedirectResponse("/password", 303)
    return View(request, site_of(request)).page("error.html", problem.status, problem=problem)
