"""Answers what was asked through `requests`. It loads the ONVIF library (60 MB), so the recorder runs it in a child."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from edge_agent.cameras.brands import told
from edge_agent.cameras.desk import CameraDesk
from edge_agent.cameras.requests import BIND, KINDS
from edge_agent.cameras.wish import Wish
from edge_agent.errors import EdgeAgentError, InputError
from edge_agent.store import requests
from edge_agent.store.requests import Request
from edge_agent.store.writer import Writer

log = logging.getLogger(__name__)


def serve_requests(desk: CameraDesk, writer: Writer) -> int:
    """Answer the open requests, each in its turn; give their number. It takes seconds."""
    taken = writer.run(lambda tx: requests.take(tx, KINDS))
    for request in taken:
        answer, failed = _answer(desk, request)
        # Bound as defaults: the loop's names have moved on if the writer's turn comes late.
        writer.run(
            lambda tx, one=request, told=answer, bad=failed: requests.answer(tx, one.id, told, failed=bad)  # type: ignore[misc] # a lambda's defaults are not inferred
        )
    return len(taken)


def _answer(desk: CameraDesk, request: Request) -> tuple[dict[str, Any], bool]:
    try:
        return _do(desk, request), False
    except EdgeAgentError as error:
        return {
            "error": error.message,
            "do": error.do,
            "cause": getattr(error, "cause", ""),
            "status": error.status,
        }, True
    except (TypeError, KeyError, ValueError):
        log.exception("request %s of kind %s", request.id, request.kind)
        return {
            "error": f"{request.kind}：请求不完整 / not a whole request.",
            "do": "",
            "cause": "",
            "status": InputError.status,
        }, True


def _do(desk: CameraDesk, request: Request) -> dict[str, Any]:
    args, by = request.args, request.by
    match request.kind:
        case "camera.discover":
            found = asyncio.run(desk.discover([str(one) for one in args.get("targets", ())]))
            return {"found": [told(one) for one in found]}
        case "camera.bind":
            bound = asyncio.run(desk.bind(_wish(desk, args), by=by))
            return {"bound": [{**asdict(one), "camera": _shown(asdict(one.camera))} for one in bound]}
        case "camera.test":
            reports = asyncio.run(desk.test([str(one) for one in args.get("cameras", ())], set_clock=True, by=by))
            return {"reports": [{"ok": one.ok, **asdict(one)} for one in reports]}
        case "camera.unbind":
            gone = desk.registry.unbind(args["camera"], by=by, reason=str(args.get("reason", "")))
            return {"unbound": [gone.id]}
        case _:
            saved = desk.registry.associate(args["lesson"], [str(one) for one in args["cameras"]], by=by)
            return {"lesson": saved.id, "revision": saved.revision, "cameras": list(saved.cameras)}


def _wish(desk: CameraDesk, args: Mapping[str, Any]) -> Wish:
    secret = json.loads(desk.registry.read_letter(BIND, base64.b64decode(args["letter"])))
    known = {field.name for field in fields(Wish)}
    given = {**args["wish"], **secret}
    if unknown := set(given) - known:
        raise InputError(f"{', '.join(sorted(unknown))}：未知字段 / unknown field.")
    return replace(Wish(**given), search=tuple(given.get("search", ())))


def _shown(camera: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in camera.items() if name != "secret"}
