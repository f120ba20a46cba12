"""What the console asks of the service that holds the cameras, through the database.

The console's service can't read the key of the camera passwords, and a request lies in the database in clear. So the
secret fields of a wish travel as a letter that only the holder of that key can open.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import timedelta
from typing import Any

from edge_agent.cameras.brands import hint
from edge_agent.cameras.desk import CameraDesk, Wish
from edge_agent.errors import ConflictError, EdgeAgentError, InputError
from edge_agent.secrets import seal_letter
from edge_agent.store import requests
from edge_agent.store.requests import Request
from edge_agent.store.secrets import find_secret, save_secret
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

DISCOVER, BIND, TEST, UNBIND, ASSOCIATE = (
    "camera.discover",
    "camera.bind",
    "camera.test",
    "camera.unbind",
    "camera.associate",
)
KINDS = (DISCOVER, BIND, TEST, UNBIND, ASSOCIATE)
TTL = timedelta(minutes=2)
ADDRESS = "address/cameras"  # where letters go; public, it only lies beside the secrets
_SECRET = ("code", "password", "rtsp", "sub")  # an RTSP address bears its password


def ask_bind(tx: Transaction, wish: Wish, *, by: str) -> str:
    """File the wish and give the request's id. Raises `ConflictError` while no service holds the cameras."""
    address = find_secret(tx.connection, ADDRESS)
    if address is None:
        raise ConflictError("摄像机服务尚未启动 / the capture service has not run yet.", do="Start it and try again.")
    given = asdict(wish)
    secret = json.dumps({name: given.pop(name) for name in _SECRET})
    letter = base64.b64encode(seal_letter(address, BIND, secret)).decode()
    return requests.ask(tx, BIND, {"wish": given, "letter": letter}, by=by, ttl=TTL)


def ask(tx: Transaction, kind: str, args: dict[str, Any], *, by: str) -> str:
    """File a request of another kind: `targets` to discover, `cameras` to test, `camera` to unbind,
    `lesson` and `cameras` to associate.
    """
    return requests.ask(tx, kind, args, by=by, ttl=TTL)


def open_office(desk: CameraDesk, writer: Writer) -> None:
    """Let others write to us; the service that holds the cameras does so when it starts."""
    writer.run(lambda tx: save_secret(tx, ADDRESS, desk.registry.address))


def serve_requests(desk: CameraDesk, writer: Writer) -> int:
    """Answer the open requests, each in its turn; give their number. Takes seconds, so it wants a thread of its own."""
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
        return {"error": error.message, "do": error.do, "cause": getattr(error, "cause", "")}, True
    except (TypeError, KeyError, ValueError):
        log.exception("request %s of kind %s", request.id, request.kind)
        return {"error": f"{request.kind}：请求不完整 / not a whole request.", "do": "", "cause": ""}, True


def _do(desk: CameraDesk, request: Request) -> dict[str, Any]:
    args, by = request.args, request.by
    match request.kind:
        case "camera.discover":
            found = asyncio.run(desk.discover([str(one) for one in args.get("targets", ())]))
            return {"found": [{**asdict(one), "hint": hint(one)} for one in found]}
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
