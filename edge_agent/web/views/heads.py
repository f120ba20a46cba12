"""Heads that were counted on a lesson's snapshots, beside how many signed in: a question, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.media import MediaKind
from edge_agent.store import media
from edge_agent.store.database import Connection


@dataclass(frozen=True, slots=True)
class Heads:
    """`media` is the snapshot."""

    count: int
    at: datetime
    media: str


def last_heads(connection: Connection, lesson: str) -> Heads | None:
    """Give the newest count of a lesson; nothing where no snapshot has been looked at."""
    for each in reversed(media.of_lesson(connection, lesson, MediaKind.SNAPSHOT)):
        heads = media.attributes(connection, each.id).get("heads")
        if heads is not None:
            return Heads(heads, each.start, each.id)
    return None
