"""Fills the archive disk, in a thread of its own: a slow disk or a NAS that hangs delays nothing but itself.

A copy that was read back counts as a confirmation: retention may let the original go. Faces and cards stay on the
device, as they do in a backup.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edge_agent.errors import DiskFullError, EdgeAgentError, InputError
from edge_agent.model.kinds.system import MediaConfirmed
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import archived, media
from edge_agent.store.archive import ArchiveDisk
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Transaction, Writer

KINDS = (MediaKind.SNAPSHOT, MediaKind.CLIP, MediaKind.SUPPLEMENT, MediaKind.RECORDING)
_AT_ONCE = 20  # files a transaction: a fact each batch, not each file

log = logging.getLogger(__name__)


class ArchiveState(StrEnum):
    WELL = "well"
    ABSENT = "absent"
    FULL = "full"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class ArchiveView:
    """`waiting` files have no copy yet; `why` is what the disk answered."""

    state: ArchiveState
    waiting: int = 0
    why: str = ""


class Archivist:
    """`work` copies what has none; `start` has that done elsewhere."""

    def __init__(self, disk: ArchiveDisk, writer: Writer, files: MediaFiles, *, keep_free: int) -> None:
        self._disk, self._writer, self._files, self._keep_free = disk, writer, files, keep_free
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._state, self._why = ArchiveState.ABSENT, "not looked at yet"

    def start(self, connection: Connection) -> None:
        """Go on with the work where nobody does; `connection` is that thread's alone."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self.work, args=(connection,), name="archive", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop after the file in hand; a disk that hangs is not waited for."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(10)

    def view(self, connection: Connection) -> ArchiveView:
        waiting = media.count_unarchived(connection, archived.read_place(connection), KINDS)
        return ArchiveView(self._state, waiting, "" if self._thread is None else self._why)

    def work(self, connection: Connection) -> None:
        """Copy until nothing waits, the disk refuses, or `close`."""
        try:
            while not self._stopping.is_set() and self._copy_some(connection):
                pass
        except DiskFullError as error:
            self._note(ArchiveState.FULL, error.message)
        except EdgeAgentError as error:
            self._note(ArchiveState.FAILING, error.message)

    def _copy_some(self, connection: Connection) -> bool:
        """Copy a few; give whether more may wait."""
        if not self._disk.is_there():
            self._note(ArchiveState.ABSENT, "")
            return False
        waiting = media.unarchived(connection, archived.read_place(connection), KINDS, _AT_ONCE)
        done: list[Media] = []
        place = 0
        try:
            for each in waiting:
                if self._stopping.is_set():
                    break
                if self._disk.free() - each.media.size < self._keep_free:
                    raise DiskFullError("The archive disk is full (归档硬盘已满).", do="Plug in a larger one.")
                if self._keep(each.media):
                    done.append(each.media)
                place = each.number
        finally:
            if place:
                self._writer.run(lambda tx: _put_down(tx, done, place))
        self._note(ArchiveState.WELL, "")
        return bool(waiting)

    def _keep(self, row: Media) -> bool:
        """Copy one; False for one that is damaged here, which `fsck` says and no copy can mend."""
        try:
            self._disk.keep(self._files.locate(row.path), row.path, row.sha256)
        except InputError as error:
            log.error("%s", error.message)  # noqa: TRY400 - its text says it all
            return False
        return True

    def _note(self, state: ArchiveState, why: str) -> None:
        if (state, why) != (self._state, self._why):
            log.log(logging.INFO if state is ArchiveState.WELL else logging.WARNING, "archive: %s %s", state, why)
        self._state, self._why = state, why


def _put_down(tx: Transaction, done: Sequence[Media], place: int) -> None:
    for row in done:
        media.mark_archived(tx, row.id)
    if done:
        tx.append(MediaConfirmed(by="archive", media=tuple(row.id for row in done)))
    archived.note_place(tx, place)
