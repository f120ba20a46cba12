"""Where the centre keeps media: a folder, or an S3 store. Both are given whole, verified files."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge_agent.durable import make_folder, sync_folder
from edge_agent.errors import InputError, NotFoundError

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Presigned:
    """An address that takes one PUT with exactly these headers."""

    url: str
    headers: Mapping[str, str]


class MediaStore(Protocol):
    """A name is `tenant/agent/kind/day/file`; the same name always means the same bytes.

    `presigns` says whether somebody else can put a file.
    """

    presigns: bool

    def take(self, name: str, file: Path, sha256: str, mime: str) -> None:
        """Keep a verified file, durably; `file` is gone then. After a failure it is there still, and whole."""
        ...

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """Give a file's bytes `first` to `last`, both included, in pieces. Raises `NotFoundError`."""
        ...

    def presign(self, name: str, sha256: str, seconds: int) -> Presigned:
        """Let somebody else put a file. Raises `InputError` where the store can't."""
        ...

    def holds(self, name: str, sha256: str, size: int) -> bool:
        """Say whether the store has checked that it holds these bytes."""
        ...


class FolderStore:
    """Files in a folder, each renamed into place once it is on the disk."""

    presigns = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def take(self, name: str, file: Path, sha256: str, mime: str) -> None:
        del sha256, mime
        final = self._locate(name)
        make_folder(final.parent)
        try:
            file.replace(final)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(file, final)
            file.unlink()  # not media: the spool's copy of it
        sync_folder(final.parent)

    def read(self, name: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        try:
            stream = self._locate(name).open("rb")
        except FileNotFoundError as error:
            raise NotFoundError(f"{name} is not in the media folder (文件不存在).") from error
        with stream:
            stream.seek(first)
            left = -1 if last is None else last - first + 1
            while left and (piece := stream.read(PIECE if left < 0 else min(PIECE, left))):
                left -= len(piece) if left > 0 else 0
                yield piece

    def presign(self, name: str, sha256: str, seconds: int) -> Presigned:
        del name, sha256, seconds
        raise InputError("A folder has no presigned addresses.", do="Run the centre with --media s3://BUCKET.")

    def holds(self, name: str, sha256: str, size: int) -> bool:
        del sha256
        path = self._locate(name)
        return path.exists() and path.stat().st_size == size

    def _locate(self, name: str) -> Path:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise InputError(f"{name}: not a name of this store.")
        return path


def _copy(source: Path, final: Path) -> None:
    """Bring a file over from another disk: whole, or not under its name."""
    temporary = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        with source.open("rb") as stream, temporary.open("wb") as target:
            shutil.copyfileobj(stream, target, PIECE)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(final)
    except OSError:
        temporary.unlink(missing_ok=True)  # not media: a part of a copy, which would keep a full disk full
        raise
