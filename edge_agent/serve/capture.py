"""The capture service: records, takes snapshots, shows live."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from edge_agent import allocator
from edge_agent.cameras.address import Login
from edge_agent.cameras.child import Stream
from edge_agent.cameras.guard import LoginGuard
from edge_agent.cameras.registry import KEY_FILE, Registry
from edge_agent.cameras.requests import KINDS, publish_address
from edge_agent.cameras.sources import Sources
from edge_agent.capture.feed import Feed
from edge_agent.capture.fleet import Room
from edge_agent.capture.live_feeds import LiveFeeds
from edge_agent.capture.live_socket import LiveSocket
from edge_agent.capture.recorder import Recorder
from edge_agent.capture.service import Means, Service
from edge_agent.capture.syncer import Syncer
from edge_agent.model.camera import Camera
from edge_agent.policies import load_policy
from edge_agent.secrets import SecretBox
from edge_agent.serve.agent import Agent, on_record, open_agent
from edge_agent.serve.tick import Ticker
from edge_agent.settings import Settings
from edge_agent.store.requests import waiting
from edge_agent.upkeep.disk import Level
from edge_agent.upkeep.space import level_now

log = logging.getLogger(__name__)

_ROOM: dict[Level, Room] = {
    Level.ALL: "main",
    Level.SUBSTREAM: "sub",
    Level.SNAPSHOTS: "snapshots",
    Level.CHECKIN: "",
}


class Capture:
    """The service with what serves others beside it: open segments synced, live video, requests about cameras."""

    def __init__(self, agent: Agent) -> None:
        settings = agent.settings
        self._agent = agent
        box = SecretBox.at(settings.store.data_dir / KEY_FILE)
        registry = Registry(agent.writer, box)

        def login(camera: Camera) -> Login | None:
            with agent.reading() as connection:
                return registry.login(connection, camera)

        self._sources = Sources(login, csi_python=settings.cameras.csi_python, guard=LoginGuard(agent.clock.boottime))
        self._darkroom = ThreadPoolExecutor(1, thread_name_prefix="darkroom")
        self.service = Service(
            Means(
                clock=agent.clock,
                writer=agent.writer,
                files=agent.files,
                database=agent.database,
                source_of=self._sources.of,
                room=lambda: _ROOM[level_now(agent.files, settings.disk)],
                load_policy=load_policy,
                submit=self._submit,
                venue=settings.venue,
                segment_seconds=settings.capture.segment_seconds,
                zone=load_policy(settings.policy).policy.zone,
            )
        )
        self._syncer = Syncer(self.service.fleet.recordings.values)
        self._live = LiveFeeds(
            lambda: self.service.programme.cameras, self._sources.of, self._recorded, agent.clock.boottime
        )
        self._socket = open_live(settings.store.live_socket, self._live)
        self._office = Office(agent, box)

    def start(self) -> None:
        self._syncer.start()
        if self._socket is not None:
            self._socket.start()
        self.service.pinger.start()

    def tick(self) -> None:
        self.service.tick()
        self._live.tick()
        self._office.tick()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._live.close()
        self._office.close()
        self.service.pinger.stop()
        self._syncer.stop()
        self.service.close()
        self._darkroom.shutdown(cancel_futures=True)
        self._sources.close()

    def _submit(self, job: Callable[[], None]) -> None:
        self._darkroom.submit(job).add_done_callback(_log_failure)

    def _recorded(self, camera: str, stream: Stream) -> Feed | None:
        recording = self.service.fleet.recordings.get(camera)
        return recording.feed if isinstance(recording, Recorder) and recording.stream == stream else None


def _log_failure(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.error("A picture could not be kept; it is tried again.", exc_info=error)


def open_live(path: Path, feeds: LiveFeeds) -> LiveSocket | None:
    """Open the socket of live video; None where its path is too long for one, because recording goes on without."""
    try:
        return LiveSocket(path, feeds)
    except OSError as error:
        log.warning("%s: no live video: %s. Choose a shorter store.data_dir (无法实时监控).", path, error)
        return None


class Office:
    """Has requests about cameras (find, bind, test) answered by a child: ONVIF's library takes 60 MB while it works."""

    def __init__(self, agent: Agent, box: SecretBox) -> None:
        self._connection = agent.connect()
        self._child: subprocess.Popen[bytes] | None = None
        publish_address(agent.writer, box)

    def tick(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self._child = None
        if waiting(self._connection, KINDS):
            self._child = subprocess.Popen([sys.executable, "-m", "edge_agent", "cameras", "answer"])

    def close(self) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait()
        self._connection.close()


def serve(settings: Settings) -> None:
    """Run until SIGTERM."""
    allocator.keep_small()
    with open_agent(settings) as agent:
        capture = Capture(agent)
        with on_record(agent, "capture"):
            capture.start()
            Ticker(capture.tick).run()
            capture.close()
