"""How soon recording starts, how soon it goes on after a camera's return, and how long a snapshot takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from edge_agent.cameras.sources import RtspSource
from edge_agent.capture.feed import Feed
from edge_agent.capture.shots import Album, shoot
from edge_agent.cli.benches._processes import program
from edge_agent.clock import Clock, SystemClock
from edge_agent.errors import DeviceError
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media
from edge_agent.model.people import ClassState, TrainingClass
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.simulator import Fault, StreamSpec, VirtualCamera
from edge_agent.store.cameras import save_camera
from edge_agent.store.lessons import save_lesson
from edge_agent.store.training import save_class
from edge_agent.store.writer import Transaction

FULL_HD = StreamSpec(width=1920, height=1080, fps=25, kbps=4000, seconds=4)
HEADER = 2000  # bytes of a segment before its first fragment
PATIENCE = 30.0
SHOTS = 9


def measure(folder: Path) -> dict[str, float]:
    """Give seconds: from the service's start to its first fragment on the disk, from the camera's return to the first
    packet, and from a slot's turn to its picture on the disk and in the journal.
    """
    with VirtualCamera(main=FULL_HD) as camera:
        settings = _venue(folder, camera)
        parts = settings.store.media / "recording" / ".tmp"
        config = _write_config(folder, settings)
        began = time.monotonic()
        with program("capture", config=config, module="edge_agent.serve"):
            _until(lambda: any(_size(part) > HEADER for part in parts.glob("*.*")), "the first fragment")
            cold = time.monotonic() - began
        return {
            "cold_start_to_recording_s": round(cold, 2),
            "return_to_first_packet_s": round(_return(camera), 2),
            "snapshot_s": round(_snapshot(settings, camera), 3),
        }


def _venue(folder: Path, camera: VirtualCamera) -> Settings:
    """A lesson that has just begun, and its camera."""
    settings = Settings(agent="ea-bench", store=Store(data_dir=folder / "data"))
    prepare_agent(settings)
    with open_agent(settings) as agent:
        zone = load_policy(settings.policy).policy.zone
        start = agent.clock.stamp().wall.astimezone(zone) - timedelta(minutes=1)
        course = TrainingClass(
            id="c1",
            code="c1",
            name="c1",
            category="bench",
            opens=start.date(),
            closes=start.date(),
            required_periods=1,
            state=ClassState.APPROVED,
            policy=settings.policy,
        )
        row = Camera("k1", "k1", CameraKind.RTSP, "101", camera.rtsp_url)
        lesson = Lesson("A", "c1", start.date(), start.time(), 1, room="101")

        def job(tx: Transaction) -> None:
            save_class(tx, course, by="bench")
            save_camera(tx, row)
            save_lesson(tx, lesson, change="added", by="bench")

        agent.writer.run(job)
    return settings


def _write_config(folder: Path, settings: Settings) -> Path:
    """The same settings for a service of its own; the disk of a bench is full enough for anything."""
    config = folder / "config.toml"
    config.write_text(
        f'agent = "{settings.agent}"\nstore = {{ data_dir = "{settings.store.data_dir}" }}\n'
        "clock = { kept_by_host = true }\n"
        "disk = { reserve_checkin_mb = 0, reserve_snapshot_mb = 0, substream_below_mb = 0 }\n",
        "utf-8",
    )
    return config


def _return(camera: VirtualCamera) -> float:
    """The camera restarts; its port is open again when `clear` returns."""
    clock = SystemClock()
    with _feed(camera, clock) as feed:
        camera.fault(Fault.REFUSE)
        _until(lambda: feed.cause is not None, "the loss")
        time.sleep(1)
        heard = feed.heard or 0.0
        camera.clear()
        began = clock.boottime()
        _until(lambda: (feed.heard or 0.0) > heard, "a packet")
        return (feed.heard or 0.0) - began


def _snapshot(settings: Settings, camera: VirtualCamera) -> float:
    """The median of decoding the held keyframe, captioning, encoding, writing and committing it."""
    row = Camera("k1", "k1", CameraKind.RTSP, "101", camera.rtsp_url)
    with open_agent(settings) as agent, _feed(camera, agent.clock) as feed:
        album = Album(agent.writer, agent.files)
        held = _Held(row, feed)
        taken = []
        for number in range(SHOTS):
            began = time.perf_counter()
            shot = shoot(held, agent.clock.stamp(), _always)  # type: ignore[arg-type] # it is asked for its keyframe alone
            if shot is None:
                raise DeviceError("The bench's camera gave no keyframe.", do="Run it again on a quiet machine.")
            album.keep(shot, "A", ["济南职业培训学校", f"第 {number} 次"], _note)
            taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class _Held:
    """A recording as `shoot` sees it."""

    def __init__(self, camera: Camera, feed: Feed) -> None:
        self.camera = camera
        self._feed = feed

    @property
    def keyframe(self) -> object:
        return self._feed.keyframe


def _always(_at: datetime) -> bool:
    return True


def _note(_tx: Transaction, _row: Media, _alike: str) -> bool:
    return True


@contextmanager
def _feed(camera: VirtualCamera, clock: Clock) -> Iterator[Feed]:
    feed = Feed(RtspSource(camera.rtsp_url), name="bench", boottime=clock.boottime)
    feed.start()
    try:
        _until(lambda: feed.keyframe is not None, "a keyframe")
        yield feed
    finally:
        feed.stop(10)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise DeviceError(f"Waited {PATIENCE:.0f} s for {what}.", do="Run it again on a quiet machine.")
        time.sleep(0.005)
