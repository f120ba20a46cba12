"""Opens a live feed when the first viewer comes and closes it when the last one has been gone for a while."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import Source
from edge_agent.capture.feed import Feed
from edge_agent.capture.live import Broadcast
from edge_agent.errors import NotFoundError
from edge_agent.model.camera import Camera

log = logging.getLogger(__name__)

LINGER = 5.0  # seconds; a page that is reloaded finds its feed still there


@dataclass(slots=True)
class Live:
    """What shows a camera now; `feed` becomes another one when the recording that it belonged to ends."""

    camera: Camera
    stream: Stream
    broadcast: Broadcast
    feed: Feed
    own: bool
    viewers: int = 0
    empty_since: float = 0.0


class LiveFeeds:
    """`recorded` gives the feed that records a camera's stream, if one does.

    A camera without a substream is not asked for its main stream twice: many allow a single reader.
    """

    def __init__(
        self,
        cameras: Callable[[], Mapping[str, Camera]],
        source_of: Callable[[Camera, Stream], Source],
        recorded: Callable[[str, Stream], Feed | None],
        boottime: Callable[[], float],
    ) -> None:
        self._cameras = cameras
        self._source_of = source_of
        self._recorded = recorded
        self._boottime = boottime
        self._lock = threading.Lock()
        self._live: dict[tuple[str, Stream], Live] = {}

    def open(self, camera: str, stream: Stream) -> Live:
        """Give what shows a camera; `release` it in the end.

        Raises `NotFoundError`, or `StorageError` where its password can't be read.
        """
        row = self._cameras().get(camera)
        if row is None:
            raise NotFoundError(f"{camera}：设备未绑定 / not bound.", do="Run: edge-agent cameras list")
        key: tuple[str, Stream] = (camera, stream if row.sub else "main")
        with self._lock:
            live = self._live.get(key)
            if live is None:
                broadcast = Broadcast()
                live = self._live[key] = Live(row, key[1], broadcast, *self._attach(row, key[1], broadcast))
            live.viewers += 1
            return live

    def release(self, live: Live) -> None:
        with self._lock:
            live.viewers -= 1
            live.empty_since = self._boottime()

    def tick(self) -> None:
        """Close what nobody watches; give viewers of a recording that ended a feed of their own."""
        now = self._boottime()
        with self._lock:
            for key, live in list(self._live.items()):
                if not live.viewers and now - live.empty_since > LINGER:
                    self._detach(self._live.pop(key))
                elif not live.own and self._recorded(*key) is not live.feed:
                    self._detach(live)
                    live.feed, live.own = self._attach(live.camera, live.stream, live.broadcast)

    def close(self) -> None:
        with self._lock:
            for live in self._live.values():
                self._detach(live)
            self._live.clear()

    def _attach(self, camera: Camera, stream: Stream, broadcast: Broadcast) -> tuple[Feed, bool]:
        feed = self._recorded(camera.id, stream)
        if feed is not None:
            feed.add(broadcast)
            return feed, False
        name = f"{camera.name or camera.id} live"
        feed = Feed(self._source_of(camera, stream), name=name, boottime=self._boottime, prompt=True)
        feed.add(broadcast)
        feed.start()
        return feed, True

    @staticmethod
    def _detach(live: Live) -> None:
        if live.own:
            live.feed.stop()
        live.feed.remove(live.broadcast)
