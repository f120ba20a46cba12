"""Takes finished segments over: each file gets its name, then the rows and facts of several follow in one transaction.

A commit costs 11 KB of writing, however little it says, and the cameras of a room turn their segments at the same time:
so a segment whose camera goes on waits a few seconds for the others'. Nothing is lost by that: the file is complete and
has its place, and what a crash leaves without a row is filed by the next start, dated by its own header.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue

from av.error import FFmpegError

from edge_agent.cameras.child import Stream
from edge_agent.capture.filing import KIND, Filed, Filer
from edge_agent.capture.shown import Shown, of_tape, read_tags
from edge_agent.capture.tape import Recorded
from edge_agent.errors import StorageError
from edge_agent.model.media import Media
from edge_agent.model.span import Span
from edge_agent.model.stamp import Stamp
from edge_agent.store.files import MediaFiles, Pending
from edge_agent.store.mp4 import read_index
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

RETRY = 5.0  # seconds
GATHER = 5.0  # seconds that a segment waits for others; keyframes of a room's cameras lie up to 4 s apart
MOST = 32  # segments a transaction: with their indexes it stays below 50 ms
_NOT_OURS = (OSError, StorageError, FFmpegError, LookupError, ValueError)


@dataclass(frozen=True, slots=True)
class _Job:
    recorded: Recorded
    camera: str
    stream: Stream


class Archive:
    """`lessons` says which lessons a camera's span belongs to, the main one first; `stored` hears of each new row.

    One thread of its own: a slow disk or a busy database delays the next row, never a camera. `gather` is how long, in
    seconds, a segment may wait for company.
    """

    def __init__(
        self,
        writer: Writer,
        files: MediaFiles,
        lessons: Callable[[str, Span], tuple[str, ...]],
        stored: Callable[[Media, Stamp], object] = lambda _row, _clock: None,
        *,
        gather: float = GATHER,
    ) -> None:
        self._stored = stored
        self._writer = writer
        self._files = files
        self._filer = Filer(files, lessons)
        self._gather = gather
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._unstored = 0
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()  # None: look up, somebody is in a hurry
        self._thread = threading.Thread(target=self._run, name="archive", daemon=True)
        self._thread.start()

    def create(self) -> Pending:
        return self._filer.create()

    def submit(self, recorded: Recorded, camera: str, stream: Stream) -> None:
        """Take a segment over; returns at once."""
        self._count(1)
        self._queue.put(_Job(recorded, camera, stream))

    def settle(self) -> bool:
        """Say whether all that was submitted is stored: until then rows don't tell what was recorded.

        What waits for company is then stored without.
        """
        with self._lock:
            settled = not self._unstored
        if not settled:
            self._queue.put(None)
        return settled

    def close(self) -> None:
        """Store what waits."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()

    def salvage(self, known: Container[str]) -> int:
        """Keep what a crash left, and give how many segments that were; call it before anything is recorded.

        A torn file is cut after its last whole fragment. A complete one that is not `known` (paths of rows) lost its
        row to the crash and gets one.
        """
        kept = 0
        torn, unfiled = self._torn(), self._unfiled(known)
        starts: dict[str, list[datetime]] = defaultdict(list)
        for shown in sorted([*torn.values(), *unfiled.values()], key=lambda shown: shown.start):
            starts[shown.camera].append(shown.start)
        for leftover, shown in torn.items():
            try:
                if (filed := self._filer.adopt(leftover, shown, starts[shown.camera])) is not None:
                    self._store([filed])
                    kept += 1
            except (OSError, StorageError) as error:
                # A full disk: recording goes first, and the next start tries again.
                log.warning("%s: can't be kept yet (%s)", leftover.name, error)
        for path, shown in unfiled.items():
            try:
                self._store([self._filer.read(path, shown, starts[shown.camera])])
                kept += 1
            except _NOT_OURS as error:
                log.warning("%s: can't be filed (%s)", path, error)
        return kept

    def _torn(self) -> dict[Path, Shown]:
        """Give the files that a crash left open; those in which nothing is whole go."""
        found = {}
        for leftover in self._files.leftovers(KIND):
            try:
                found[leftover] = read_tags(leftover)
                read_index(leftover)
            except _NOT_OURS as error:
                found.pop(leftover, None)
                log.warning("%s: nothing whole in it (%s)", leftover.name, error)
                self._files.drop_leftover(leftover)
        return found

    def _unfiled(self, known: Container[str]) -> dict[str, Shown]:
        found = {}
        for path in self._files.walk(KIND):
            if path not in known:
                try:
                    found[path] = read_tags(self._files.locate(path))
                except _NOT_OURS as error:
                    log.warning("%s: can't be filed (%s)", path, error)
        return found

    def _run(self) -> None:
        waiting: list[Filed] = []
        due = math.inf
        while not (self._closing.is_set() and self._queue.empty()):
            try:
                job = self._queue.get(timeout=max(0.0, due - time.monotonic()) if waiting else None)
            except Empty:
                job = None
            if job is None:
                due = 0.0
            else:
                filed = self._finish(job)
                if filed is None:
                    self._count(-1)
                else:
                    waiting.append(filed)
                    # After a lesson's end, or a loss, others look at the rows for what was kept.
                    goes_on = job.recorded.cause is None
                    due = min(due, time.monotonic() + self._gather) if goes_on else 0.0
            if len(waiting) >= MOST or (due <= time.monotonic() and self._queue.empty()):
                self._commit(waiting)
                waiting, due = [], math.inf
        self._commit(waiting)

    def _count(self, more: int) -> None:
        with self._lock:
            self._unstored += more

    def _finish(self, job: _Job) -> Filed | None:
        """Give the file its place; None where there is nothing to say of it, or not before the next start."""
        shown = of_tape(job.recorded, job.camera, job.stream)
        try:
            return self._filer.finish(job.recorded.file, shown)
        except Exception:  # whatever it is, the thread goes on, and the file stays where it is
            log.exception(
                "%s: the segment of %s could not be filed; the next start tries again", job.camera, shown.start
            )
            return None

    def _commit(self, waiting: Sequence[Filed]) -> None:
        """Store them together; where that fails, each by itself, so that one can't keep the others from their rows."""
        left = [list(waiting)] if waiting else []
        while left:
            group = left.pop()
            try:
                self._store(group)
            except StorageError as error:  # the database's disk is full: the files are safe, their rows wait
                log.warning("%s: %s", ", ".join(filed.row.path for filed in group), error)
                if self._closing.wait(RETRY):
                    return
                left.append(group)
            except Exception:
                if len(group) > 1:
                    left += [[filed] for filed in reversed(group)]
                    continue
                log.exception("%s: can't be filed; the next start tries again", group[0].row.path)
                self._count(-1)
            else:
                self._count(-len(group))

    def _store(self, filed: Sequence[Filed]) -> None:
        def job(tx: Transaction) -> None:
            for one in filed:
                one.write(tx)

        self._writer.run(job)
        for one in filed:
            self._stored(one.row, one.shown.clock)
