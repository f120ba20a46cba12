"""The only code that writes or deletes media.

Temporary file, fsync, rename, fsync of the folder; the row and the fact follow in one transaction. A crash before the
rename leaves a file in `.tmp/`, a crash after it a file without a row: `fsck` finds both, and no row is ever wrong.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from edge_agent.durable import sync_folder
from edge_agent.errors import InputError, StorageError
from edge_agent.model.media import MediaKind

TEMPORARY = ".tmp"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A complete, durable file; `path` is relative to the media folder."""

    path: str
    sha256: str
    size: int


class Pending:
    """A file being written. `commit` makes it durable under its final name; leaving without it discards it."""

    def __init__(self, root: Path, kind: MediaKind, suffix: str) -> None:
        self._root = root
        self._kind = kind
        self._suffix = suffix
        folder = root / kind / TEMPORARY
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{secrets.token_hex(8)}{suffix}"
        self._file: BinaryIO | None = self.path.open("xb", buffering=0)
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        if self._file is None:
            raise ValueError("written after commit")
        view = memoryview(data)
        while view:  # a disk that is filling up takes a part first, and refuses the rest
            taken = self._file.write(view)
            self._digest.update(view[:taken])
            self.size += taken
            view = view[taken:]
        return len(data)

    def sync(self) -> None:
        """Make what is written so far survive a power cut.

        Raises `FileNotFoundError` where somebody deleted the file: what is written to it then goes nowhere. May be
        called by another thread than the one that writes: a file that is closed meanwhile has nothing left to bring.
        """
        file = self._file
        if file is None:
            return
        try:
            own = os.dup(file.fileno())  # it stays open, whoever closes the other
        except (OSError, ValueError):
            return
        try:
            os.fdatasync(own)
            if not os.fstat(own).st_nlink:
                raise FileNotFoundError(errno.ENOENT, "deleted while it was being written", str(self.path))
        finally:
            os.close(own)

    def leave(self) -> Path:
        """Close it as it is, for `MediaFiles.adopt` to save what is whole of it; give its path."""
        if self._file is not None:
            self._file.close()
            self._file = None
        return self.path

    def commit(self, start: datetime) -> Stored:
        """Give the file its place, in a folder of its day."""
        if self._file is None:
            raise ValueError("committed twice")
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        folder = self._root / self._kind / f"{start:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        final = folder / f"{start:%H%M%S}-{self.path.stem}{self._suffix}"
        self.path.rename(final)
        sync_folder(folder)
        return Stored(str(final.relative_to(self._root)), self._digest.hexdigest(), self.size)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


class MediaFiles:
    """The media folder, one folder a kind."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def create(self, kind: MediaKind, suffix: str) -> Pending:
        """Begin a file. Raises `StorageError` where the folder can't be written."""
        try:
            return Pending(self.root, kind, suffix)
        except OSError as error:
            raise StorageError(
                f"{self.root}: 媒体目录无法写入 / can't write media: {error.strerror}.",
                do="请检查硬盘、挂载和目录的所有者。Check the disk, its mount and the folder's owner.",
            ) from error

    def store(self, kind: MediaKind, suffix: str, data: bytes, start: datetime) -> Stored:
        """Write a small file at once."""
        with self.create(kind, suffix) as pending:
            pending.write(data)
            return pending.commit(start)

    def adopt(self, kind: MediaKind, leftover: Path, start: datetime, *, length: int | None = None) -> Stored:
        """Give a temporary file that a crash left its place, cut to `length` bytes where its end is torn."""
        digest, size = hashlib.sha256(), 0
        with leftover.open("r+b") as stream:
            if length is not None:
                stream.truncate(length)
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
            os.fsync(stream.fileno())
        folder = self.root / kind / f"{start:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        final = folder / f"{start:%H%M%S}-{leftover.name}"
        leftover.rename(final)
        sync_folder(folder)
        return Stored(str(final.relative_to(self.root)), digest.hexdigest(), size)

    def locate(self, path: str) -> Path:
        """Give the absolute path of a media row's file; a path that leaves the media folder is refused."""
        full = (self.root / path).resolve()
        if not full.is_relative_to(self.root.resolve()):
            raise InputError(
                f"{path}: 不是媒体文件的路径 / not a media file's path.",
                do="请填写相对媒体目录的路径。Give a path below the media folder.",
            )
        return full

    def delete(self, path: str) -> None:
        """Delete a file, as `upkeep/retention.py` decided; a file already gone is as good."""
        self.locate(path).unlink(missing_ok=True)

    def leftovers(self, kind: MediaKind) -> list[Path]:
        """Give the temporary files that a crash left, oldest first; call it before any writer of `kind` starts."""
        found = (self.root / kind / TEMPORARY).glob("*")
        return sorted(found, key=lambda path: path.stat().st_mtime)

    def drop_leftover(self, leftover: Path) -> None:
        leftover.unlink(missing_ok=True)

    def walk(self, kind: MediaKind) -> Iterator[str]:
        """Give the relative path of each complete file of a kind, a day after the other."""
        # The folder's own entries: a service looks through a hundred thousand when it starts, before it records.
        for day in _entries(self.root / kind):
            if day.is_dir() and day.name != TEMPORARY:
                yield from (f"{kind}/{day.name}/{each.name}" for each in _entries(day.path) if each.is_file())

    def digest(self, path: str) -> str:
        """Give a stored file's SHA-256, read from the disk."""
        with self.locate(path).open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def space(self) -> tuple[int, int]:
        """Give the bytes that are free on the media disk, and how many it has."""
        usage = shutil.disk_usage(self.root)
        return usage.free, usage.total

    def free(self) -> int:
        """Give the bytes that are free on the media disk."""
        return shutil.disk_usage(self.root).free


class Ballast:
    """A file that is given up so that a full disk can still take a sign-in: unlinking it frees what SQLite needs."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self._size = size

    def ensure(self) -> bool:
        """Lay the ballast down again; False where there is no space for it."""
        if self.path.exists() and self.path.stat().st_size == self._size:
            return True
        try:
            with self.path.open("wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, self._size)
        except OSError:
            self.path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Give it up; False where it is gone already."""
        if not self.path.exists():
            return False
        self.path.unlink(missing_ok=True)
        return True


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    """Give a folder's entries by name; none of one that isn't there."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
