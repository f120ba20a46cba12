"""Relays live video from the capture service's socket to a browser's WebSocket, message by message.

Each binary message is one byte of kind and the body: `s` JSON with codecs and size, `i` header, `f` fragment, `j` JPEG,
`e` JSON with the cause.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Literal

from fastapi import WebSocket, WebSocketDisconnect

Form = Literal["fragments", "jpeg"]
_HEAD = 5  # one byte of kind, four of length
_LONGEST = 64 << 20
GONE = 1011


async def relay(socket: WebSocket, path: Path, camera: str, stream: str, form: Form) -> None:
    """Run until either side goes. Backpressure reaches the capture service, which skips to the next keyframe."""
    await socket.accept()
    try:
        reader, writer = await asyncio.open_unix_connection(str(path))
    except OSError:
        await _fail(socket, "service_down")
        return
    request = json.dumps({"camera": camera, "stream": stream, "as": form})
    writer.write(request.encode() + b"\n")
    gone = asyncio.create_task(_wait_until_gone(socket))
    try:
        while not gone.done():
            message = asyncio.create_task(_read(reader))
            await asyncio.wait({message, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not message.done():
                message.cancel()
                break
            await socket.send_bytes(message.result())
    except asyncio.IncompleteReadError:
        with suppress(RuntimeError, WebSocketDisconnect):
            await _fail(socket, "service_down")
    except (RuntimeError, WebSocketDisconnect, ConnectionError):
        pass  # the page was closed while a message was on its way
    finally:
        gone.cancel()
        writer.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(_HEAD)
    size = int.from_bytes(head[1:], "big")
    if size > _LONGEST:
        raise asyncio.IncompleteReadError(head, size)
    return head[:1] + await reader.readexactly(size)


async def _wait_until_gone(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_bytes()


async def _fail(socket: WebSocket, cause: str) -> None:
    await socket.send_bytes(b"e" + json.dumps({"cause": cause}).encode())
    await socket.close(GONE, cause)
