"""One service of a kind a data folder: a second one would take the first one's open files for what a crash left."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.errors import ConflictError, StorageError


@contextmanager
def alone(data_dir: Path, name: str) -> Iterator[None]:
    """Hold the folder for `name` as long as the block runs; a lock dies with its process, however that ends.

    Raises `ConflictError` that names the process which holds it, `StorageError` where the folder can't be written.
    """
    if not data_dir.is_dir():
        yield  # there is nothing yet, which whoever opens the database says with what to do
        return
    path = data_dir / f".{name}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    except OSError as error:
        raise StorageError(
            f"{data_dir}: can't be written: {error.strerror} (数据目录无法写入).",
            do="Check the disk, whether it is mounted read-only, and the folder's owner.",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "?"
            raise ConflictError(
                f"{data_dir}: {name} runs here already, as process {holder} (数据目录已被另一个服务占用).",
                do="End that one first: systemctl stop edge-agent.target; or give this one its own store.data_dir.",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
