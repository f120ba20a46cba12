"""The HTTP side of uploads: tus 1.0 with creation, expiration and termination."""

from __future__ import annotations

import os
from email.utils import format_datetime
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from edge_agent.central.guard import TheAgent, TheCentre
from edge_agent.central.uploads import LARGEST, UploadRow
from edge_agent.errors import InputError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
    CONFIRMATION_HEADER,
    OFFSET_STREAM,
    TUS_EXTENSIONS,
    TUS_VERSION,
    UPLOADS,
    decode_metadata,
    to_header,
)
from edge_agent.sync.contract.signing import Signed

_PIECE = 256 * 1024
"""Written at once; what a kill of this process takes with it."""


class VersionError(InputError):
    """The client speaks another version of tus."""

    status = 412


class MediaTypeError(InputError):
    status = 415


def _check_version(tus_resumable: Annotated[str, Header()] = "") -> None:
    if tus_resumable != TUS_VERSION:
        raise VersionError(f"Tus-Resumable must be {TUS_VERSION}, not {tus_resumable or 'missing'}.")


router = APIRouter(prefix=UPLOADS, dependencies=[Depends(_check_version)])
options = APIRouter(prefix=UPLOADS)


@options.options("")
def describe() -> Response:
    return _answer(204, {"Tus-Version": TUS_VERSION, "Tus-Extension": TUS_EXTENSIONS, "Tus-Max-Size": str(LARGEST)})


@router.post("")
def create(
    centre: TheCentre,
    agent: TheAgent,
    upload_length: Annotated[int, Header()],
    upload_metadata: Annotated[str, Header()] = "",
) -> Response:
    identifier, signed = centre.uploads.create(agent, upload_length, decode_metadata(upload_metadata))
    offset = upload_length if signed else 0
    return _answer(201, {"Location": f"{UPLOADS}/{identifier}", "Upload-Offset": str(offset)}, signed)


@router.head("/{identifier}")
def ask(centre: TheCentre, agent: TheAgent, identifier: str) -> Response:
    upload = centre.uploads.find(agent, identifier)
    standing = _standing(upload, centre.uploads.offset(upload))
    length = {"Upload-Length": str(upload.size), "Cache-Control": "no-store"}
    return _answer(200, standing | length, centre.uploads.confirmation(agent, upload))


@router.patch("/{identifier}")
async def append(
    request: Request,
    centre: TheCentre,
    agent: TheAgent,
    identifier: str,
    *,
    upload_offset: Annotated[int, Header()],
    content_type: Annotated[str, Header()] = "",
) -> Response:
    if content_type != OFFSET_STREAM:
        raise MediaTypeError(f"Content-Type must be {OFFSET_STREAM}.")
    upload = await run_in_threadpool(centre.uploads.find, agent, identifier)
    with centre.uploads.appending(upload, upload_offset) as stream:
        offset = upload_offset + await _receive(request, stream, upload.size - upload_offset)
        signed = await run_in_threadpool(centre.uploads.finish, agent, upload) if offset == upload.size else None
    return _answer(204, _standing(upload, offset), signed)


@router.delete("/{identifier}")
def end(centre: TheCentre, agent: TheAgent, identifier: str) -> Response:
    centre.uploads.discard(centre.uploads.find(agent, identifier))
    return _answer(204, {})


async def _receive(request: Request, stream: BinaryIO, room: int) -> int:
    """Write what comes, also what came before a connection broke off; give how much that was."""
    written, waiting = 0, bytearray()
    try:
        async for piece in request.stream():
            waiting += piece
            if written + len(waiting) > room:
                raise RefusedError(Code.TOO_LARGE, "More came than Upload-Length announced.")
            if len(waiting) >= _PIECE:
                written += await run_in_threadpool(stream.write, waiting)
                waiting = bytearray()
    except ClientDisconnect:
        pass
    written += await run_in_threadpool(stream.write, waiting)
    await run_in_threadpool(os.fdatasync, stream.fileno())
    return written


def _standing(upload: UploadRow, offset: int) -> dict[str, str]:
    return {"Upload-Offset": str(offset), "Upload-Expires": format_datetime(upload.expires, usegmt=True)}


def _answer(status: int, headers: dict[str, str], signed: Signed | None = None) -> Response:
    confirmed = {CONFIRMATION_HEADER: to_header(signed)} if signed else {}
    return Response(status_code=status, headers={"Tus-Resumable": TUS_VERSION} | headers | confirmed)
