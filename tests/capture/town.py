"""A venue of some rooms whose time the test moves, with the real capture service and cameras that write no video."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import product
from pathlib import Path
from time import sleep

import av
import numpy as np
from av.container import InputContainer

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import Source
from edge_agent.capture.archive import Archive
from edge_agent.capture.causes import Cause
from edge_agent.capture.fleet import Room
from edge_agent.capture.service import Means, Service
from edge_agent.capture.shots import Shot
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.kinds.capture import CameraChanged
from edge_agent.model.kinds.system import ServiceStarted
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media
from edge_agent.model.span import Slot, Span
from edge_agent.store.cameras import save_camera
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Transaction
from tests.capture.fake_camera import FakeKeyframe, FakeRecording, Lens
from tests.venue import DAY, ZONE, Venue, policies

STARTS = (time(8), time(8, 45), time(10), time(14))  # the second follows the first without a break
CAUSES = (Cause.REFUSED, Cause.TIMEOUT, Cause.CLOSED, Cause.BAD_DATA, Cause.UNREACHABLE)


class Away:
    """Where an idle camera is looked at before a lesson: it is not there."""

    def open(self) -> InputContainer:
        raise ConnectionRefusedError(111, "refused")

    def answers(self) -> bool:
        return False


class Still(Away):
    """An idle camera that shows one picture for ever: a file stands in for its stream."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "still.mp4"
        with av.open(str(self._path), "w") as output:
            track = output.add_stream("libx264", rate=25)
            track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
            stripes = np.repeat(np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))[:, :, None], 3, axis=2)
            output.mux(track.encode(av.VideoFrame.from_ndarray(stripes, format="bgr24")))
            output.mux(track.encode())

    def open(self) -> InputContainer:
        return av.open(str(self._path))


class Town:
    """A venue of rooms, every other with two cameras, and the service that is to look after it.

    `outages` of a random length befall each camera each day. The service looks every `step` seconds, every `close_step`
    while a slot waits.
    """

    def __init__(
        self,
        folder: Path,
        *,
        seed: int = 1,
        rooms: int = 1,
        days: int = 1,
        outages: int = 0,
        step: float = 1.0,
        close_step: float = 1.0,
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - chance, not a secret
        self.venue = Venue(folder)
        self.files = MediaFiles(folder / "media")
        self.room: Room = "main"
        self.source: Source = Away()
        self.lenses: dict[str, Lens] = {}
        self.running: list[FakeRecording] = []
        self.alive: list[Span] = []
        self.service: Service | None = None
        self._step, self._close_step = step, close_step
        self.venue.add_class()
        for room in range(rooms):
            for number in range(1 + room % 2):
                camera = Camera(f"k{room}{number}", f"{room}室{number}", CameraKind.RTSP, f"R{room}", "rtsp://nowhere")
                self.lenses[camera.id] = Lens(list(self._outages(days, outages)))
                self.save(camera)
        for day, room, start in product(range(days), range(rooms), STARTS):
            lesson = Lesson(f"{day}-{room}-{start:%H%M}", "c1", DAY + timedelta(days=day), start, 1, room=f"R{room}")
            self.venue.save_lesson(lesson)

    def save(self, camera: Camera) -> None:
        """Store its row, with the fact by which the service notices it."""

        def job(tx: Transaction) -> None:
            save_camera(tx, camera)
            tx.append(CameraChanged(camera=camera.id, what={"main": camera.main}))

        self.venue.writer.run(job)

    def _outages(self, days: int, count: int) -> Iterator[tuple[datetime, datetime, Cause]]:
        for day in range(days):
            morning = datetime.combine(DAY + timedelta(days=day), time(7, 50), ZONE)
            for _ in range(count):
                start = morning + timedelta(seconds=self.chance.uniform(0, 7 * 3600))
                yield start, start + timedelta(seconds=self.chance.lognormvariate(5, 1.3)), self.chance.choice(CAUSES)

    def open_recording(self, camera: Camera, stream: Stream, archive: Archive) -> FakeRecording:
        recording = FakeRecording(camera, stream, self.lenses[camera.id], self.venue.clock, archive)
        self.running.append(recording)
        return recording

    def start(self) -> None:
        means = Means(
            clock=self.venue.clock,
            writer=self.venue.writer,
            files=self.files,
            database=self.venue.database,
            source_of=lambda _camera, _stream: self.source,
            room=lambda: self.room,
            load_policy=policies,
            submit=lambda job: job(),
            venue="",
            segment_seconds=60,
            zone=ZONE,
        )
        self.service = Service(means, self.open_recording)
        self.venue.writer.append(ServiceStarted(service="capture", version="test"))
        self.alive.append(Span(self.venue.clock.wall, self.venue.clock.wall))

    def crash(self) -> None:
        """What was written is kept, as a torn segment is; what the service knew is gone."""
        assert self.service is not None
        for recording in self.running:
            recording.stop()
        self.running.clear()
        self.service._let_go()
        self.service = None

    def close(self) -> None:
        if self.service is not None:
            self.crash()
        self.venue.close()

    def live_until(self, end: datetime) -> None:
        service = self.service
        assert service is not None
        while self.venue.clock.wall < end:
            self.running = [recording for recording in self.running if not recording.stopped]
            for recording in self.running:
                recording.advance()
            service.tick()
            while not service.archive.settle():  # the disk's time is real
                sleep(0.001)
            self.alive[-1] = Span(self.alive[-1].start, self.venue.clock.wall)
            waiting = any(plan.due for _, plan in service.programme.plans(self.venue.clock.wall))
            self.venue.clock.advance(self._close_step if waiting else self._step)

    def draw(self, _files: MediaFiles, segments: Sequence[Media], slot: Slot) -> Shot | None:
        """Stand in for decoding our own recording: a frame that came while a segment was written is in it."""
        found = [
            (abs(frame - slot.target), row.camera, frame)
            for row in segments
            for frame in self.lenses[row.camera].frames
            if row.start <= frame < row.end and slot.takes(frame)
        ]
        if not found:
            return None
        _, camera, frame = min(found)
        return Shot(camera, frame, FakeKeyframe(0).picture(), "recording")
