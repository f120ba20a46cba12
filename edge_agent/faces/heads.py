"""Counting the faces in classroom snapshots, for the cross-check of attendance. Nobody is recognised here.

A room is looked at tile by tile, each a question of its own, so that a trainee before a kiosk waits for one tile and
not for the room. Which snapshots are counted is worked out anew at every tick: whatever was missed is made up for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.errors import InputError
from edge_agent.faces.face import Box
from edge_agent.faces.images import ROOM_PIXELS, frame_size
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.tiles import tiles_of, without_twins
from edge_agent.faces.wire import ROOM, Question
from edge_agent.model.kinds.capture import HeadsCounted
from edge_agent.model.media import Media
from edge_agent.store import media
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction, Writer

COUNTED_WITHIN = timedelta(days=7)
"""An older snapshot is not counted any more: its day was judged long ago."""
_WIDEST = 2600
"""Pixels; a wider picture is halved, which leaves a face of 30 pixels in a back row its 15."""


def find_heads(engine: FaceEngine, snapshot: bytes) -> tuple[Box, ...]:
    """The faces of a JPEG of up to 4096x2400; their number is a lower bound: backs and bent heads have no face.

    Raises `InputError` for a picture that can't be read, `DeviceError` when the engine does not answer.
    """
    width, height = frame_size(snapshot, ROOM_PIXELS)
    shrink = 1 if width <= _WIDEST else 2
    found: list[Box] = []
    for tile in tiles_of(width // shrink, height // shrink):
        seen = engine.put(Question(ROOM, snapshot, tile, shrink))
        found += [tile.place(box) for box in seen.others]
    whole = [found[i] for i in without_twins(found)]
    return tuple(Box(box.x * shrink, box.y * shrink, box.width * shrink, box.height * shrink) for box in whole)


class HeadCounter:
    """Counts the snapshots that nobody has counted; `locate` gives a media row's file."""

    def __init__(self, engine: FaceEngine, writer: Writer, locate: Callable[[str], Path]) -> None:
        self._engine, self._writer, self._locate = engine, writer, locate

    def count_next(self, connection: Connection, now: datetime) -> bool:
        """Count one snapshot and append its fact; False where none waits. Raises `DeviceError`: it is tried again."""
        waiting = media.uncounted(connection, now - COUNTED_WITHIN)
        if waiting is None:
            return False
        try:
            heads: int | None = len(find_heads(self._engine, self._locate(waiting.path).read_bytes()))
        except (InputError, OSError):  # a file that was lost or is no picture: fsck and retention say so
            heads = None
        self._writer.run(lambda tx: self._note(tx, waiting, heads))
        return True

    def _note(self, tx: Transaction, counted: Media, heads: int | None) -> None:
        media.note_heads(tx, counted.id, heads)
        if heads is not None:
            identity = self._engine.identity
            tx.append(
                HeadsCounted(
                    media=counted.id,
                    lesson=counted.lesson,
                    heads=heads,
                    engine=f"{identity.name}/{identity.version}",
                )
            )
