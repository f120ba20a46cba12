"""Media to watch or to download, in pieces as players ask for them."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response, StreamingResponse

from edge_agent.central.pages.guard import Reader
from edge_agent.errors import NotFoundError

router = APIRouter()
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
_SHOWN = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4"}
"""What a browser may show of what a venue sent; everything else is only ever downloaded."""


@router.get("/venues/{number}/media/{media}")
def content(
    visitor: Reader,
    number: int,
    media: str,
    wanted: Annotated[str, Header(alias="range")] = "",
    download: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
    with visitor.reading() as tx:
        visitor.venue(tx, number)
        row = tx.row("SELECT location, mime, size FROM media WHERE agent = %s AND id = %s", (number, media))
    if row is None:
        raise NotFoundError("The centre does not hold this file (中心没有此文件，可先调取).")
    location, mime, size = row
    ending = _SHOWN.get(mime, "bin")
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=86400, immutable"}
    if download or mime not in _SHOWN:
        name = re.sub(r"[^\w.-]", "_", media, flags=re.ASCII)[:80]
        headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    kind = mime if mime in _SHOWN else "application/octet-stream"
    span = _span(wanted, size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = span
    headers["Content-Length"] = str(last - first + 1)
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    pieces = visitor.centre.store.read(location, first, last) if size else iter(())
    return StreamingResponse(pieces, 206 if wanted else 200, headers, kind)


def _span(wanted: str, size: int) -> tuple[int, int] | None:
    """Give the first and last byte that a Range header asks for; None where it can't be satisfied."""
    found = _RANGE.fullmatch(wanted.strip())
    if not wanted or found is None or (not found[1] and not found[2]):
        return (0, size - 1) if not wanted or size else None
    first = int(found[1]) if found[1] else max(0, size - int(found[2]))
    last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
    return None if first > last else (first, last)
