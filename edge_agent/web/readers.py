"""Connections for reading, kept open between requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue

from edge_agent.store.database import Connection, connect, reading


class Readers:
    """A pool; each use sees the database as of one moment. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[Connection] = LifoQueue()

    @contextmanager
    def __call__(self) -> Iterator[Connection]:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = connect(self._path, readonly=True)
        try:
            with reading(connection):
                yield connection
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()
