"""Takes finished segments over: the file gets its name, then the row and the fact follow in one transaction."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Container
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import av
from av.error import FFmpegError

from edge_agent.cameras.child import Stream
from edge_agent.capture.tape import Recorded
from edge_agent.errors import StorageError
from edge_agent.model.kinds.capture import SegmentClosed
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store import media as media_rows
from edge_agent.store.files import MediaFiles, Pending, Stored
from edge_agent.store.mp4 import codecs, read_index
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

KIND, SUFFIX = MediaKind.RECORDING, ".mp4"
RETRY = 5.0  # seconds
PART_SECONDS = 4.0  # what a player fetches at once; a seek lands at most so far before its target
_NOT_OURS = (OSError, StorageError, FFmpegError, LookupError, ValueError)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a segment shows, whoever finished it."""

    camera: str
    stream: Stream
    start: datetime
    end: datetime
    clock: Stamp
    codec: str
    width: int
    height: int
    audio: bool
    torn: bool


class Archive:
    """`lessons` says which lessons a camera's span belongs to, the main one first; `stored` hears of each new row.

    One thread of its own: a slow disk or a busy database delays the next row, never a camera.
    """

    def __init__(
        self,
        writer: Writer,
        files: MediaFiles,
        lessons: Callable[[str, Span], tuple[str, ...]],
        stored: Callable[[Media, Stamp], object] = lambda _row, _clock: None,
    ) -> None:
        self._stored = stored
        self._writer = writer
        self._files = files
        self._lessons = lessons
        self._closing = threading.Event()
        self._pending: set[Future[None]] = set()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="archive")

    def create(self) -> Pending:
        return self._files.create(KIND, SUFFIX)

    def submit(self, recorded: Recorded, camera: str, stream: Stream) -> None:
        """Take a segment over; returns at once."""
        job = self._worker.submit(self._take, recorded, camera, stream)
        self._pending.add(job)
        job.add_done_callback(self._done)

    def _done(self, job: Future[None]) -> None:
        if (error := job.exception()) is not None:
            log.error("A segment could not be filed; the next start tries again.", exc_info=error)
        self._pending.discard(job)

    @property
    def idle(self) -> bool:
        """Whether all that was submitted is stored; until then rows don't tell what was recorded."""
        return not self._pending

    def close(self) -> None:
        self._closing.set()
        self._worker.shutdown()

    def salvage(self, known: Container[str]) -> int:
        """Keep what a crash left, and give how many segments that were; call it before anything is recorded.

        A torn file is cut after its last whole fragment. A complete one that is not `known` (paths of rows) lost its
        row to the crash and gets one.
        """
        kept = 0
        unfiled = [path for path in self._files.walk(KIND) if path not in known]
        for leftover in self._files.leftovers(KIND):
            try:
                shown = _read_tags(leftover)
                read_index(leftover)
            except _NOT_OURS as error:
                log.warning("%s: nothing whole in it (%s)", leftover.name, error)
                self._files.drop_leftover(leftover)
                continue
            try:
                kept += self._adopt(leftover, shown)
            except (OSError, StorageError) as error:
                # A full disk: recording goes first, and the next start tries again.
                log.warning("%s: can't be kept yet (%s)", leftover.name, error)
        for path in unfiled:
            kept += self._file(path)
        return kept

    def _take(self, recorded: Recorded, camera: str, stream: Stream) -> None:
        shape = recorded.shape
        shown = _Shown(
            camera=camera,
            stream=stream,
            start=recorded.start,
            end=recorded.end,
            clock=recorded.clock,
            codec=shape.codec,
            width=shape.width,
            height=shape.height,
            audio=recorded.audio,
            torn=recorded.torn,
        )
        try:
            if recorded.torn:
                self._adopt(recorded.file.leave(), shown)
                return None
            stored = recorded.file.commit(recorded.start)
        except (OSError, StorageError):  # the file stays where it is, and the next start keeps it
            log.exception("%s: the segment of %s could not be stored", camera, recorded.start)
            return None
        while True:
            try:
                return self._store(stored, shown)
            except StorageError as error:  # the database's disk is full: the file is safe, its row waits
                log.warning("%s: %s", stored.path, error)
                if self._closing.wait(RETRY):
                    return None

    def _adopt(self, leftover: Path, shown: _Shown) -> bool:
        index = read_index(leftover)
        if not index.fragments:
            self._files.drop_leftover(leftover)
            return False
        stored = self._files.adopt(KIND, leftover, shown.start, length=index.end)
        self._store(stored, replace(shown, end=shown.start + timedelta(seconds=index.length)))
        return True

    def _file(self, path: str) -> bool:
        full = self._files.locate(path)
        try:
            shown, index = _read_tags(full), read_index(full)
            stored = Stored(path, self._files.digest(path), full.stat().st_size)
            self._store(stored, replace(shown, end=shown.start + timedelta(seconds=index.length), torn=False))
        except _NOT_OURS as error:
            log.warning("%s: can't be filed (%s)", path, error)
            return False
        return True

    def _store(self, stored: Stored, shown: _Shown) -> None:
        index = self._index(stored)
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
        fact = SegmentClosed(
            media=row.id,
            camera=row.camera,
            lessons=lessons,
            start=row.start,
            end=row.end,
            sha256=row.sha256,
            size=row.size,
            codec=shown.codec,
            width=shown.width,
            height=shown.height,
            stream=shown.stream,
            audio=shown.audio,
            torn=shown.torn,
        )

        def job(tx: Transaction) -> None:
            about: dict[str, object] = {"codec": shown.codec, "width": shown.width, "height": shown.height}
            if shown.clock.trust is Trust.UNTRUSTED:
                about["clock"] = {"boot_id": shown.clock.boot_id, "boottime": shown.clock.boottime}
            media_rows.add(tx, row, **about, stream=shown.stream, torn=shown.torn, **index)
            tx.append(fact)

        self._writer.run(job)
        self._stored(row, shown.clock)

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


def _clock(tag: str, start: datetime) -> Stamp:
    trust, boottime, boot_id = tag.split(" ", 2) if tag else (Trust.SYNCED, "0", "")  # of an older version
    return Stamp(start, boot_id, float(boottime), Trust(trust), 0.0)


def _read_tags(path: Path) -> _Shown:
    """Read what the tape wrote into a segment's header; the end is not known yet."""
    with av.open(str(path)) as container:
        tags, video = container.metadata, container.streams.video[0]
        start = datetime.fromisoformat(tags["start"])
        return _Shown(
            camera=tags["camera"],
            stream="sub" if tags["stream"] == "sub" else "main",
            start=start,
            end=start,
            clock=_clock(tags.get("clock", ""), start),
            codec=video.codec_context.name,
            width=video.codec_context.width,
            height=video.codec_context.height,
            audio=bool(container.streams.audio),
            torn=True,
        )
