"""Brings this service's own folders in order when it starts: what a crash left is kept where it can be."""

from __future__ import annotations

import logging

from edge_agent.capture.archive import Archive
from edge_agent.capture.filing import KIND
from edge_agent.model.media import MediaKind
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles

log = logging.getLogger(__name__)


def run(files: MediaFiles, connection: Connection, archive: Archive) -> None:
    """Keep torn and unfiled segments; drop pictures and clips that never got a row, for nobody was told of them.

    Their slots are open still, and are drawn from the recording again.
    """
    kept = archive.salvage(media_rows.paths(connection, KIND))
    if kept:
        log.info("kept %d segments that a crash left", kept)
    for kind in (MediaKind.SNAPSHOT, MediaKind.CLIP):
        for leftover in files.leftovers(kind):
            files.drop_leftover(leftover)
        known = media_rows.paths(connection, kind)
        for path in files.walk(kind):
            if path not in known:
                files.delete(path)
