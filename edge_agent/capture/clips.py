"""Random clips, cut out of the recording."""

from __future__ import annotations

from edge_agent.errors import StorageError
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Slot, Span
from edge_agent.rules.gaps import covered
from edge_agent.store.files import MediaFiles
from edge_agent.store.join import join
from edge_agent.store.media import new_media_id
from edge_agent.store.piece import Piece

ENOUGH = 0.9  # of a clip must be there; the rest is a gap with its own cause


def cut_clip(files: MediaFiles, segments: list[Media], slot: Slot, camera: str) -> Media | None:
    """Give the row of a clip of the slot's window, made from a camera's segments; None where too little is there.

    Raises `StorageError` where a segment is missing or damaged. It begins at a keyframe, so up to a GOP early.
    """
    window = slot.window
    spans = [Span(row.start, row.end) for row in segments]
    if covered(window, spans) < ENOUGH * window.length:
        return None
    pieces = [
        Piece(
            files.locate(row.path),
            start=max(0.0, (window.start - row.start).total_seconds()),
            end=(window.end - row.start).total_seconds(),
        )
        for row in segments
    ]
    pending = files.create(MediaKind.CLIP, ".mp4")
    path = pending.leave()
    try:
        join(pieces, path)
    except StorageError:
        files.drop_leftover(path)
        raise
    stored = files.adopt(MediaKind.CLIP, path, window.start)
    return Media(
        id=new_media_id(),
        kind=MediaKind.CLIP,
        path=stored.path,
        sha256=stored.sha256,
        size=stored.size,
        start=window.start,
        end=window.end,
        lesson=slot.lesson,
        camera=camera,
        mime="video/mp4",
    )
