"""The HTTP side of uploads: tus 1.0 with creation, expiration and termination."""

from __future__ import annotations

import asyncio
from contextlib import closing, suppress
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from edge_agent.central.guard import TheAgent, TheCentre
from edge_agent.central.uploads import LARGEST, Tail, UploadRow
from edge_agent.errors import InputError
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.http import (
    CONFIRMATION_HEADER,
    CONFIRMATIONS,
    OFFSET_STREAM,
    TUS_EXTENSIONS,
    TUS_VERSION,
    UPLOADS,
    decode_metadata,
    to_header,
)
from edge_agent.sync.contract.signing import Signed

_PIECE = 128 * 1024
"""Written at once; what a kill of this process takes with it."""

_SILENCE_SECONDS = 60.0
"""After that a connection counts as broken: its lock must not keep the agent out for ever."""


class VersionError(InputError):
    """The client speaks another version of tus."""

    status = 412


class MediaTypeError(InputError):
    status = 415


def _check_version(tus_resumable: Annotated[str, Header()] = "") -> None:
    if tus_resumable != TUS_VERSION:
        raise VersionError(f"Tus-Resumable must be {TUS_VERSION}, not {tus_resumable or 'missing'}.")


confirmations = APIRouter()
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
    with closing(await run_in_threadpool(centre.uploads.open_tail, upload, upload_offset)) as tail:
        await _receive(request, tail, upload.size)
        whole = tail.offset == upload.size
        signed = await run_in_threadpool(centre.uploads.finish, agent, upload, tail) if whole else None
    return _answer(204, _standing(upload, tail.offset), signed)


@confirmations.post(CONFIRMATIONS)
def confirm(
    centre: TheCentre,
    agent: TheAgent,
    upload_length: Annotated[int, Header()],
    upload_metadata: Annotated[str, Header()],
) -> Response:
    """Confirm what the agent has put into the store by a presigned address."""
    signed = centre.uploads.confirm_presigned(agent, decode_metadata(upload_metadata), upload_length)
    return _answer(204, {}, signed)


@router.delete("/{identifier}")
def end(centre: TheCentre, agent: TheAgent, identifier: str) -> Response:
    centre.uploads.discard(centre.uploads.find(agent, identifier))
    return _answer(204, {})


async def _receive(request: Request, tail: Tail, size: int) -> None:
    """Write what comes, also what came before a connection broke off; one piece is hashed while the next comes in."""
    pieces = aiter(request.stream())
    waiting: list[bytes] = []
    held, taken = 0, tail.offset
    writing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    writing.set_result(None)
    try:
        with suppress(ClientDisconnect, TimeoutError, StopAsyncIteration):
            while True:
                async with asyncio.timeout(_SILENCE_SECONDS):
                    piece = await anext(pieces)
                taken += len(piece)
                if taken > size:
                    raise RefusedError(Code.TOO_LARGE, "More came than Upload-Length announced.")
                waiting.append(piece)
                held += len(piece)
                if held >= _PIECE:
                    await writing
                    writing = asyncio.ensure_future(run_in_threadpool(tail.write, waiting))
                    waiting, held = [], 0
    finally:
        await writing  # before the file is closed, whatever ended the loop
    await run_in_threadpool(tail.write, waiting)
    await run_in_threadpool(tail.sync)


def _standing(upload: UploadRow, offset: int) -> dict[str, str]:
    return {"Upload-Offset": str(offset), "Upload-Expires": format_datetime(upload.expires, usegmt=True)}


def _answer(status: int, headers: dict[str, str], signed: Signed | None = None) -> Response:
    confirmed = {CONFIRMATION_HEADER: to_header(signed)} if signed else {}
    return Response(status_code=status, headers={"Tus-Resumable": TUS_VERSION} | headers | confirmed)
