"""One camera's recording of one lesson as a player sees it: files in a row, gaps left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edge_agent.errors import NotFoundError, StorageError
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.mp4 import codecs, read_index

PART_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of a file that begin with a keyframe; `start` in seconds of the file."""

    offset: int
    size: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A file; it begins `at` seconds into the show, its first `header` bytes are what every part of it needs.

    `codecs` is what a browser wants to hear of it (RFC 6381).
    """

    media: str
    at: float
    start: datetime
    end: datetime
    header: int
    length: float
    codec: str
    codecs: str
    width: int
    height: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Show:
    pieces: tuple[Piece, ...]

    @property
    def length(self) -> float:
        return self.pieces[-1].at + self.pieces[-1].length if self.pieces else 0.0


def read_show(connection: Connection, files: MediaFiles, lesson: str, camera: str, span: Span) -> Show:
    """Give what `camera` recorded during `span`, or for the lesson before it was moved there.

    Raises `NotFoundError` where nothing was. A file that is missing or damaged is left out.
    """
    rows = media_rows.of_camera(connection, camera, MediaKind.RECORDING, span.start, span.end)
    own = [row for row in media_rows.of_lesson(connection, lesson, MediaKind.RECORDING) if row.camera == camera]
    found = sorted({row.id: row for row in [*rows, *own]}.values(), key=lambda row: row.start)
    if not found:
        raise NotFoundError(f"{lesson}：没有录像 / no recording of camera {camera}.")
    return Show(tuple(_pieces(connection, files, found)))


def _pieces(connection: Connection, files: MediaFiles, rows: Sequence[Media]) -> Iterable[Piece]:
    at = 0.0
    for row in rows:
        about = media_rows.attributes(connection, row.id)
        if not about.keys() >= _NEEDED:
            about |= _measure(files, row)
        parts = tuple(_parts(about, row.size)) if about.keys() >= _NEEDED else ()
        if parts:
            yield Piece(
                media=row.id,
                at=round(at, 3),
                start=row.start,
                end=row.end,
                header=about["header"],
                length=about["length"],
                codec=about.get("codec", ""),
                codecs=about["codecs"],
                width=about.get("width", 0),
                height=about.get("height", 0),
                parts=parts,
            )
            at += about["length"]


_NEEDED = {"header", "length", "codecs", "parts"}
"""What a player must know of a file; one whose row lacks some of it is measured."""


def _parts(about: dict[str, Any], size: int) -> Iterable[Part]:
    begins = about.get("parts", [])
    ends = [(offset, start) for offset, start in begins[1:]] + [(size, about.get("length", 0.0))]
    for (offset, start), (end, until) in zip(begins, ends, strict=True):
        yield Part(offset, end - offset, start, round(until - start, 3))


def _measure(files: MediaFiles, row: Media) -> dict[str, Any]:
    """Read from the file what its row does not tell."""
    try:
        path = files.locate(row.path)
        index = read_index(path)
        with path.open("rb") as stream:
            spoken = codecs(stream.read(index.header))
    except (OSError, StorageError):
        return {}
    return {"header": index.header, "length": index.length, "codecs": spoken, "parts": index.parts(PART_SECONDS)}
