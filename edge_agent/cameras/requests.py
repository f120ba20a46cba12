"""What the console asks of the service that holds the cameras, through the database; `answers` does it.

The console's service can't read the key of the camera passwords, and a request lies in the database in clear. So the
secret fields of a wish travel as a letter that only the holder of that key can open. This module is light: neither who
asks nor who records loads the ONVIF library.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from edge_agent.cameras.wish import Wish
from edge_agent.errors import ConflictError, DeviceError, InputError, NotFoundError, StorageError
from edge_agent.secrets import SecretBox, seal_letter
from edge_agent.store import requests
from edge_agent.store.inquiry import inquire
from edge_agent.store.secrets import find_secret, save_secret
from edge_agent.store.writer import Transaction, Writer

DISCOVER = "camera.discover"
BIND = "camera.bind"
TEST = "camera.test"
UNBIND = "camera.unbind"
ASSOCIATE = "camera.associate"
KINDS = (DISCOVER, BIND, TEST, UNBIND, ASSOCIATE)
TTL = timedelta(minutes=2)
ADDRESS = "address/cameras"  # where letters go; public, it only lies beside the secrets
_TAKEN_S = 45.0  # what is asked waits for what was asked before it
_ERRORS = {kind.status: kind for kind in (InputError, NotFoundError, ConflictError, StorageError, DeviceError)}
_SECRET = ("code", "password", "rtsp", "sub")  # an RTSP address bears its password


def publish_address(writer: Writer, box: SecretBox) -> None:
    """Let others write to us; the service that holds the cameras does so when it starts."""
    writer.run(lambda tx: save_secret(tx, ADDRESS, box.address))


def inquire_cameras(writer: Writer, file: Callable[[Transaction], str]) -> dict[str, Any]:
    """File a request with `ask` or `ask_bind`, and give its answer; it takes seconds, and a search a quarter minute.

    Raises what the service that holds the cameras raised, or `ConflictError` where it does not answer.
    """

    def asked(tx: Transaction) -> str:
        _address(tx)  # nobody would answer
        return file(tx)

    request = inquire(writer, asked, taken_within=_TAKEN_S, answered_within=TTL.total_seconds())
    if request is None or request.answer is None:
        raise ConflictError(
            "录制服务没有应答 / the capture service does not answer.", do="检查录制服务后重试 / Check it and try again."
        )
    if request.state == "done":
        return request.answer
    kind = _ERRORS.get(request.answer.get("status", 0), DeviceError)
    raise kind(str(request.answer.get("error", "")), do=str(request.answer.get("do", "")))


def ask_bind(tx: Transaction, wish: Wish, *, by: str) -> str:
    """File the wish and give the request's id. Raises `ConflictError` while no service holds the cameras."""
    address = _address(tx)
    given = asdict(wish)
    secret = json.dumps({name: given.pop(name) for name in _SECRET})
    letter = base64.b64encode(seal_letter(address, BIND, secret)).decode()
    return requests.ask(tx, BIND, {"wish": given, "letter": letter}, by=by, ttl=TTL)


def ask(tx: Transaction, kind: str, args: dict[str, Any], *, by: str) -> str:
    """File a request of another kind: `targets` to discover, `cameras` to test, `camera` and `reason` to unbind,
    `lesson` and `cameras` to associate. A test also looks for a camera that is not where it was.
    """
    return requests.ask(tx, kind, args, by=by, ttl=TTL)


def _address(tx: Transaction) -> bytes:
    address = find_secret(tx.connection, ADDRESS)
    if address is None:
        raise ConflictError("录制服务尚未启动 / the capture service has not run yet.", do="Start it and try again.")
    return address
