"""A second place for media and backups: a disk that is plugged in, or a share of the venue's NAS, mounted in a folder.

    FOLDER/AGENT/recording/2026-03-02/080000-1f...mp4     as the device has it
    FOLDER/AGENT/backups/edge_agent-20260302.db
    FOLDER/AGENT/SHA256SUMS                               for `sha256sum --check`, years from now

A copy counts once its bytes were read back from the disk and had the SHA-256 of the row. It is never taken for one that
is not: a file has its name only after that.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from edge_agent.durable import sync_folder
from edge_agent.errors import DiskFullError, InputError, StorageError

SUMS = "SHA256SUMS"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy that was read back; `new` says whether it was made now."""

    path: Path
    new: bool


class ArchiveDisk:
    """The agent's folder on it. `beside` is the device's own media folder, which must lie on another disk."""

    def __init__(self, folder: Path, agent: str, *, beside: Path) -> None:
        self._folder, self._beside = folder, beside
        self.root = folder / agent

    def is_there(self) -> bool:
        """Whether a disk is mounted: a folder on the device's own disk is the empty place where one should be."""
        try:
            return self._folder.stat().st_dev != self._beside.stat().st_dev
        except OSError:
            return False

    def free(self) -> int:
        return shutil.disk_usage(self._folder).free

    def keep(self, source: Path, name: str, sha256: str) -> Copied:
        """Copy a file to `name` in the agent's folder and read it back.

        Raises `InputError` where the source itself has other bytes than `sha256` says, `DiskFullError`, and
        `StorageError` where the copy can't be made or is not what was written.
        """
        target = self.root / name
        try:
            if target.exists() and _digest(target) == sha256:
                return Copied(target, new=False)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(target.name + ".part")
            written = _copy(source, partial)
            if written != sha256:
                partial.unlink()  # not media: a copy of something damaged
                raise InputError(
                    f"{source}: 文件与记录不符 / not the bytes of its row.",
                    do="请运行 edge-agent fsck --digests。Run: edge-agent fsck --digests",
                )
            if _digest(partial) != sha256:
                raise StorageError(
                    f"{self._folder}: 归档硬盘读写不一致 / reads other bytes than were written.",
                    do="请更换硬盘。Replace the disk.",
                )
            partial.replace(target)
            sync_folder(target.parent)
            with (self.root / SUMS).open("a", encoding="utf-8") as sums:
                sums.write(f"{sha256}  {name}\n")
        except OSError as error:
            raise _refusal(self._folder, error) from error
        return Copied(target, new=True)


def _copy(source: Path, target: Path) -> str:
    """Write a copy through to the disk; give the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        while chunk := read.read(_CHUNK):
            digest.update(chunk)
            write.write(chunk)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    """Read a file from its disk, not from memory."""
    with path.open("rb") as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refusal(folder: Path, error: OSError) -> StorageError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFullError(
            f"{folder}: 归档硬盘已满 / the archive disk is full.", do="请换更大的硬盘。Plug in a larger one."
        )
    return StorageError(
        f"{folder}: 归档硬盘无法读写 / can't be read or written: {error.strerror}.",
        do="请检查硬盘、挂载和目录的所有者。Check the disk, its mount and the folder's owner.",
    )
