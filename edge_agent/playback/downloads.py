"""下载: a lesson's recording as one MP4, made by remux in the background, with its progress."""

from __future__ import annotations

import logging
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Literal

from edge_agent.errors import EdgeAgentError, NotFoundError, StorageError
from edge_agent.model.media import MediaKind
from edge_agent.store.files import MediaFiles
from edge_agent.store.piece import Piece

log = logging.getLogger(__name__)

KEPT = timedelta(hours=1)
SPARE = 500 << 20  # bytes that a download must leave for recordings and check-in
MOST = 8  # files at once; an older one makes room
SUFFIX = ".download.mp4"


@dataclass(slots=True)
class Download:
    """`done` of `total` files are in it; `error` says why it failed."""

    id: str
    name: str
    total: int
    asked: datetime
    path: Path
    done: int = 0
    state: Literal["waiting", "ready", "failed"] = "waiting"
    error: str = ""


class Downloads:
    """Made one after another; each is deleted an hour later."""

    def __init__(self, files: MediaFiles, now: Callable[[], datetime]) -> None:
        self._files = files
        self._now = now
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Download] = OrderedDict()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="download")
        for leftover in files.leftovers(MediaKind.EXPORT):
            if leftover.name.endswith(SUFFIX):
                files.drop_leftover(leftover)

    def begin(self, name: str, pieces: Sequence[Piece]) -> Download:
        """Start making `name` out of pieces; raises `StorageError` where the disk refuses."""
        self._tidy()
        size = sum(piece.path.stat().st_size for piece in pieces if piece.path.exists())
        if self._files.free() < size + SPARE:
            raise StorageError(
                "空间不足，无法生成下载文件 / not enough space to make the download.", do="Free some space."
            )
        path = self._files.create(MediaKind.EXPORT, SUFFIX).leave()
        made = Download(secrets.token_hex(8), name, len(pieces), self._now(), path)
        with self._lock:
            self._known[made.id] = made
        self._worker.submit(self._make, made, list(pieces))
        return made

    def find(self, identifier: str) -> Download:
        self._tidy()
        with self._lock:
            if identifier not in self._known:
                raise NotFoundError(
                    f"{identifier}: no such download, or it is over (下载已过期).", do="Ask for it again."
                )
            return self._known[identifier]

    def close(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _make(self, made: Download, pieces: Sequence[Piece]) -> None:
        def progress(done: int) -> None:
            made.done = done

        try:
            import_module("edge_agent.store.join").join(pieces, made.path, progress)  # late, as the pictures are
            made.state = "ready"
        except (EdgeAgentError, OSError) as error:
            log.warning("%s: %s", made.name, error)
            made.state, made.error = "failed", str(error)
            self._files.drop_leftover(made.path)

    def _tidy(self) -> None:
        now = self._now()
        with self._lock:
            old = [made for made in self._known.values() if now - made.asked > KEPT and made.state != "waiting"]
            ready = [made for made in self._known.values() if made.state != "waiting"]
            for made in {one.id: one for one in [*old, *ready[: max(0, len(ready) - MOST)]]}.values():
                del self._known[made.id]
                self._files.drop_leftover(made.path)
