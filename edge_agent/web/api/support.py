"""支持包: what a supporter needs to know of the device, packed by `upkeep` without a secret, a name or a face."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import FileResponse

from edge_agent.model.media import MediaKind
from edge_agent.store import media, requests
from edge_agent.web.actions.files import find_media, locate
from edge_agent.web.api.base import Done, Identifier, Pages, Slice
from edge_agent.web.api.exports import ZIP, PackedTold
from edge_agent.web.guard import Administrator

router = APIRouter(prefix="/support-bundles", tags=["system"])

SUPPORT_BUNDLE = "support_bundle"
_LASTS = timedelta(minutes=30)


@router.post("", status_code=202)
def ask(visitor: Administrator) -> Done:
    """Ask for a bundle; `/requests/{id}` says when it is there. It stays on the device: nothing is sent by itself."""
    args = {"upload": False}
    return Done(
        id=visitor.site.writer.run(lambda tx: requests.ask(tx, SUPPORT_BUNDLE, args, by=visitor.by, ttl=_LASTS))
    )


@router.get("")
def bundles(visitor: Administrator, paging: Pages) -> Slice[PackedTold]:
    """Give the bundles that are there, the newest first."""
    with visitor.reading() as connection:
        found = list(media.present(connection, MediaKind.SUPPORT))[::-1]
    return paging.slice(found, PackedTold.of)


@router.get("/{identifier}/content", response_class=FileResponse, responses=ZIP)
def content(identifier: Identifier, visitor: Administrator) -> FileResponse:
    path = locate(visitor, find_media(visitor, identifier, MediaKind.SUPPORT))
    return FileResponse(path, media_type="application/zip", filename=f"support-{path.name}")
