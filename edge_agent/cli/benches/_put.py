"""What an upload is measured against: a server that writes the body of a PUT to the disk and does nothing else."""

from __future__ import annotations

import os
import tempfile

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

app = FastAPI()


@app.put("/{name}")
async def put(name: str, request: Request) -> int:
    del name
    size = 0
    with tempfile.TemporaryFile() as stream:
        async for piece in request.stream():
            await run_in_threadpool(stream.write, piece)
            size += len(piece)
        stream.flush()
        await run_in_threadpool(os.fdatasync, stream.fileno())
    return size
