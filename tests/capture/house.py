"""A venue that records: the whole capture service in this process, ticked by the test, on real time."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import cv2
import pytest

from edge_agent.clock import SystemClock, host_keeps_time
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import ClassState, TrainingClass
from edge_agent.serve.agent import Agent, open_agent, prepare_agent
from edge_agent.serve.capture import Capture
from edge_agent.settings import CameraSettings, CaptureSettings, ClockSettings, DiskSettings, Settings, Store
from edge_agent.store import gaps, lessons, media, slots, training
from edge_agent.store.cameras import save_camera
from edge_agent.store.facts import check_chain, read_facts
from tests.capture.compressed import compressed_policy
from tests.capture.rig import PATIENCE, play

ZONE = ZoneInfo("Asia/Shanghai")
TICK = 0.2
ROOM_FOR_ALL = DiskSettings(reserve_checkin_mb=0, reserve_snapshot_mb=0, substream_below_mb=0)


def settings_in(folder: Path, *, segment: float = 4) -> Settings:
    """A CSI camera's child runs under this interpreter, where a test has put its stand-in."""
    return Settings(
        agent="ea-test",
        venue="济南职业培训学校",
        store=Store(data_dir=folder / "data"),
        clock=ClockSettings(kept_by_host=True),
        cameras=CameraSettings(csi_python=sys.executable),
        capture=CaptureSettings(segment_seconds=segment),
        disk=ROOM_FOR_ALL,
    )


class House:
    """`start` the service, `tick` it until something is so, `stop` it. Lessons are placed in seconds from now."""

    def __init__(self, agent: Agent, folder: Path, *, policy: str, period: int) -> None:
        self.agent = agent
        self.period = period
        self.capture: Capture | None = None
        course = TrainingClass(
            id="c1",
            code="QC-c1",
            name="电工初级第3期",
            category="电工",
            opens=self.now().date(),
            closes=self.now().date(),
            required_periods=40,
            state=ClassState.APPROVED,
            policy=compressed_policy(folder, policy, period=period),
        )
        agent.writer.run(lambda tx: training.save_class(tx, course, by="test"))

    def now(self) -> datetime:
        return datetime.now(ZONE)

    def start(self) -> None:
        self.capture = Capture(self.agent)
        self.capture.start()

    def stop(self) -> None:
        if self.capture is not None:
            self.capture.close()
            self.capture = None

    def tick(self, until: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        assert self.capture is not None
        deadline = time.monotonic() + patience
        while not until():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {patience:.0f} s for {what}")
            self.capture.tick()
            time.sleep(TICK)

    def tick_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.tick(lambda: time.monotonic() >= end, "time to pass", seconds + PATIENCE)

    def bind(self, url: str, identifier: str = "k1", *, sub: str = "", room: str = "101", **fields: Any) -> Camera:
        camera = Camera(identifier, f"前门{identifier}", CameraKind.RTSP, room, url, sub)
        camera = replace(camera, **fields)
        self.agent.writer.run(lambda tx: save_camera(tx, camera))
        return camera

    def add_lesson(self, identifier: str = "A", *, starts_in: float = 2, periods: int = 1, **fields: Any) -> Lesson:
        start = self.now() + timedelta(seconds=starts_in)
        lesson = Lesson(identifier, "c1", start.date(), start.time(), periods, room="101", subject="电路基础")
        return self.save(replace(lesson, **fields), "added")

    def save(self, lesson: Lesson, change: lessons.Change = "edited") -> Lesson:
        return self.agent.writer.run(lambda tx: lessons.save_lesson(tx, lesson, change=change, by="test"))

    def ask(self, lesson: Lesson, action: Literal["start", "stop", "extend"], start: datetime, end: datetime) -> None:
        """录制 by hand."""
        self.agent.writer.run(
            lambda tx: lessons.request_recording(
                tx, lesson=lesson.id, camera="k1", action=action, start=start, end=end, by="test"
            )
        )

    def span(self, lesson: Lesson) -> tuple[datetime, datetime]:
        start = datetime.combine(lesson.date, lesson.start, ZONE)
        return start, start + timedelta(seconds=self.period * lesson.periods)

    def facts(self, *kinds: str) -> list[dict[str, Any]]:
        with self.agent.reading() as connection:
            return [dict(fact.data) for fact in read_facts(connection, kinds=kinds)]

    def segments(self, camera: str = "k1") -> list[Media]:
        with self.agent.reading() as connection:
            long_ago = datetime(2000, 1, 1, tzinfo=UTC)
            return media.of_camera(connection, camera, MediaKind.RECORDING, long_ago, long_ago.replace(year=2100))

    def media(self, lesson: str, kind: MediaKind) -> list[Media]:
        with self.agent.reading() as connection:
            return media.of_lesson(connection, lesson, kind)

    def gaps(self, lesson: str = "A") -> list[gaps.NotedGap]:
        with self.agent.reading() as connection:
            return gaps.of_lesson(connection, lesson)

    def slots(self, lesson: str = "A") -> dict[str, slots.SlotState]:
        with self.agent.reading() as connection:
            return {state.id: state for state in slots.of_lesson(connection, lesson)}

    def path(self, row: Media) -> Path:
        return self.agent.files.locate(row.path)


def check_whole(house: House, lesson: Lesson, camera: str = "k1") -> None:
    """A lesson that was recorded by itself: files, rows, facts, gaps and pictures all tell the same."""
    start, end = house.span(lesson)
    rows = house.segments(camera)
    assert rows[0].start <= start
    assert rows[-1].end >= end
    assert all(before.end == after.start for before, after in itertools.pairwise(rows))
    closed = {fact["media"]: fact for fact in house.facts("segment.closed")}
    for row in rows:
        shown = play(house.path(row))
        assert shown.length == pytest.approx((row.end - row.start).total_seconds(), abs=0.5)
        assert house.agent.files.digest(row.path) == row.sha256 == closed[row.id]["sha256"]
        assert house.path(row).stat().st_size == row.size == closed[row.id]["size"]
    assert closed.keys() == {row.id for row in rows}
    assert house.gaps(lesson.id) == []
    assert house.facts("gap.opened", "gap.closed") == []
    (started,), (stopped,) = house.facts("recording.started"), house.facts("recording.stopped")
    assert (started["lesson"], started["trigger"], started["late_by"]) == (lesson.id, "plan", 0.0)
    assert (stopped["lesson"], stopped["cause"]) == (lesson.id, "ended")
    assert {state.state for state in house.slots(lesson.id).values()} == {"taken"}
    pictures = {row.id: row for row in house.media(lesson.id, MediaKind.SNAPSHOT)}
    taken = house.facts("snapshot.taken")
    assert sorted(fact["slot_kind"] for fact in taken) == ["closing", "middle", "opening"]
    for fact in taken:
        row = pictures.pop(fact["media"])
        assert house.agent.files.digest(row.path) == fact["sha256"]
        assert start <= row.start <= end
        assert cv2.imread(str(house.path(row))) is not None
    assert pictures == {}
    with house.agent.reading() as connection:
        assert list(check_chain(connection)) == []


def write_config(folder: Path, settings: Settings) -> Path:
    """Give the same settings to a service that runs as a process of its own."""
    path = folder / "config.toml"
    disk = "\n".join(f"{name} = {value}" for name, value in settings.disk.model_dump().items())
    path.write_text(
        f"""agent = "{settings.agent}"
venue = "{settings.venue}"
store = {{ data_dir = "{settings.store.data_dir}" }}
clock = {{ kept_by_host = true }}
capture = {{ segment_seconds = {settings.capture.segment_seconds} }}
[disk]
{disk}
""",
        "utf-8",
    )
    return path


@contextmanager
def open_house(folder: Path, *, policy: str = "jinan-2024", period: int = 14, segment: float = 4) -> Iterator[House]:
    settings = settings_in(folder, segment=segment)
    prepare_agent(settings)
    with open_agent(settings, clock=SystemClock(kernel=host_keeps_time)) as agent:
        house = House(agent, folder, policy=policy, period=period)
        try:
            yield house
        finally:
            house.stop()
