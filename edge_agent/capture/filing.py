"""From a finished file to what is put on the record of it: a row, with where a player may begin, and a fact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.capture.shown import Shown
from edge_agent.errors import StorageError
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.store import media as media_rows
from edge_agent.store.files import MediaFiles, Pending, Stored
from edge_agent.store.mp4 import codecs, read_index
from edge_agent.store.writer import Transaction

KIND, SUFFIX = MediaKind.RECORDING, ".mp4"
PART_SECONDS = 4.0  # what a player fetches at once; a seek lands at most so far before its target
SEAM = timedelta(seconds=0.5)  # between a file's own length and the start of what follows it without a loss


@dataclass(frozen=True, slots=True)
class Filed:
    """A file that has its place, and what is to be said of it."""

    row: Media
    shown: Shown
    lessons: tuple[str, ...]
    index: dict[str, object]

    def write(self, tx: Transaction) -> None:
        media_rows.add(tx, self.row, **self.shown.about(), **self.index)
        tx.append(self.shown.fact(self.row, self.lessons))


class Filer:
    """`lessons` says which lessons a camera's span belongs to, the main one first."""

    def __init__(self, files: MediaFiles, lessons: Callable[[str, Span], tuple[str, ...]]) -> None:
        self._files = files
        self._lessons = lessons

    def create(self) -> Pending:
        return self._files.create(KIND, SUFFIX)

    def finish(self, file: Pending, shown: Shown) -> Filed | None:
        """Give a segment that was recorded its place; None where a torn one has nothing whole in it."""
        if shown.torn:
            return self.adopt(file.leave(), shown)
        return self._file(file.commit(shown.start), shown)

    def adopt(self, leftover: Path, shown: Shown, follows: Sequence[datetime] = ()) -> Filed | None:
        """Cut a torn file after its last whole fragment; None, and no file, where there is none.

        `follows` are the starts of its camera's other segments that a crash left.
        """
        index = read_index(leftover)
        if not index.fragments:
            self._files.drop_leftover(leftover)
            return None
        stored = self._files.adopt(KIND, leftover, shown.start, length=index.end)
        return self._file(stored, replace(shown, end=_end(shown.start, index.length, follows)))

    def read(self, path: str, shown: Shown, follows: Sequence[datetime] = ()) -> Filed:
        """A complete file that lost its row to a crash."""
        full = self._files.locate(path)
        end = _end(shown.start, read_index(full).length, follows)
        stored = Stored(path, self._files.digest(path), full.stat().st_size)
        return self._file(stored, replace(shown, end=end, torn=False))

    def _file(self, stored: Stored, shown: Shown) -> Filed:
        lessons = self._lessons(shown.camera, Span(shown.start, shown.end))
        row = Media(
            id=media_rows.new_media_id(),
            kind=KIND,
            path=stored.path,
            sha256=stored.sha256,
            size=stored.size,
            start=shown.start,
            end=shown.end,
            lesson=lessons[0] if lessons else "",
            camera=shown.camera,
            mime="video/mp4",
        )
        return Filed(row, shown, lessons, self._index(stored))

    def _index(self, stored: Stored) -> dict[str, object]:
        """Tell where a player may begin: read now, while the file is in memory, not from a slow card later."""
        path = self._files.locate(stored.path)
        try:
            index = read_index(path)
            with path.open("rb") as stream:
                spoken = codecs(stream.read(index.header))
        except (OSError, StorageError):
            return {}
        parts = index.parts(PART_SECONDS)
        return {"header": index.header, "length": round(index.length, 3), "codecs": spoken, "parts": parts}


def _end(start: datetime, length: float, follows: Sequence[datetime]) -> datetime:
    """Two segments that follow without a loss share their instant: the next one's start knows it best."""
    end = start + timedelta(seconds=length)
    return next((other for other in follows if other > start and abs(other - end) <= SEAM), end)
