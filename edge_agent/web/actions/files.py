"""A stored file that a visitor asks for by its id: a path is never taken from outside."""

from __future__ import annotations

from pathlib import Path

from edge_agent.errors import NotFoundError, unknown
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media
from edge_agent.web.guard import Visitor


def find_media(visitor: Visitor, identifier: str, *kinds: MediaKind) -> Media:
    """Give the row. Raises `NotFoundError` where there is none, or one of another kind."""
    with visitor.reading() as connection:
        found = media.find(connection, identifier)
    if found is None or found.kind not in kinds:
        raise unknown(identifier, "文件", "file")
    return found


def locate(visitor: Visitor, row: Media) -> Path:
    """Give where a file lies. Raises `NotFoundError` where it was deleted, or is gone."""
    path = visitor.site.files.locate(row.path)
    if row.deleted is not None or not path.is_file():
        raise NotFoundError(f"{row.id}: the file is gone (文件已清理).")
    return path
