"""What a whole device costs: four services, cameras recording, the face engine loaded; and how soon it is there.

The services run as systemd runs them, each by itself and with its environment, beside a centre where mosquitto is
installed. Memory is PSS: a library that four processes map counts once. Virtual cameras and centre are not counted.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import requests
import typer

from edge_agent.cli.bench import Bench
from edge_agent.cli.benches._class import BY, Taught
from edge_agent.cli.benches._processes import pss_mb
from edge_agent.cli.benches._site import bind_cameras, join_centre
from edge_agent.cli.within import run
from edge_agent.errors import DeviceError
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import MediaKind
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent
from edge_agent.serve.run import Service
from edge_agent.simulator.process import PATIENCE, Process
from edge_agent.simulator.venue import Venue
from edge_agent.store import lessons
from edge_agent.store.files import TEMPORARY

ROOM, TRAINEES, PERIODS = "101", 50, 2
SETTLING = 20.0
"""Seconds until caches are filled, the models are loaded and the cameras were judged once."""

_TICKS = os.sysconf("SC_CLK_TCK")
_UNIT = ("MALLOC_ARENA_MAX=2", "PYTHONUNBUFFERED=1")  # systemd/edge-agent-.service.d/common.conf
_FRAGMENT = 10_000  # bytes: more than a header, so a picture is on the disk


@dataclass(frozen=True, slots=True)
class Cost:
    """Of each service with its children: `cpu` in hundredths of one core, `pss` in MB."""

    cpu: Mapping[str, float]
    pss: Mapping[str, float]

    def figures(self, when: str) -> Iterator[tuple[str, float]]:
        for name in self.cpu:
            yield f"{when}_{name}_cpu_percent", round(self.cpu[name], 2)
            yield f"{when}_{name}_pss_mb", round(self.pss[name], 1)
        yield f"{when}_cpu_percent", round(sum(self.cpu.values()), 2)
        yield f"{when}_pss_mb", round(sum(self.pss.values()), 1)


def measure(
    cameras: Annotated[int, typer.Option(min=1, help="Virtual cameras, 1080p25 at 4 Mbit/s.")] = 4,
    minutes: Annotated[float, typer.Option(min=0.1, help="Minutes that each state is measured.")] = 1.0,
) -> Bench:
    signal.signal(signal.SIGTERM, _interrupt)
    with ExitStack() as stack:
        venue = stack.enter_context(Venue(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ea-")))))
        run("migrate")
        join_centre(venue)
        bind_cameras(venue, ROOM, cameras, size="1920x1080", kbps=4000)
        lesson = _teach(venue)
        services = {name.value: venue.start(name.value, "serve", name.value, environment=_UNIT) for name in Service}
        kiosk_s, recording_s = _cold_start(venue, cameras)
        time.sleep(SETTLING)
        recording = _measure(services, minutes)
        _cancel(venue, lesson)
        time.sleep(SETTLING)
        idle = _measure(services, minutes)
    figures: dict[str, float | int | str] = {
        "cameras": cameras,
        "minutes": minutes,
        "cold_start_to_kiosk_s": round(kiosk_s, 2),
        "cold_start_to_recording_s": round(recording_s, 2),
        **dict(recording.figures("recording")),
        **dict(idle.figures("idle")),
    }
    return Bench(
        "appliance",
        figures,
        {
            "recording_pss_vs_560_mb": round(sum(recording.pss.values()) / 560, 3),
            "recording_cpu_vs_8_percent": round(sum(recording.cpu.values()) / 8, 3),
            "idle_cpu_vs_1_percent": round(sum(idle.cpu.values()), 3),
        },
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # so that no child outlives the bench


def _teach(venue: Venue) -> Lesson:
    """A lesson that has begun."""
    with open_agent(venue.settings) as agent:
        zone = load_policy("jinan-2024").policy.zone
        began = (agent.clock.stamp().wall - timedelta(minutes=2)).astimezone(zone).replace(microsecond=0, tzinfo=None)
        taught = Taught(ROOM, (began,), PERIODS)
        (_, (lesson,)) = agent.writer.run(lambda tx: taught.save(tx, trainees=TRAINEES))
    return lesson


def _cancel(venue: Venue, lesson: Lesson) -> None:
    with open_agent(venue.settings) as agent:
        over = replace(lesson, cancelled=True, cancel_reason=BY)
        agent.writer.run(lambda tx: lessons.save_lesson(tx, over, change="edited", by=BY))


def _cold_start(venue: Venue, cameras: int) -> tuple[float, float]:
    """Seconds until the kiosk's page is served, and until every camera has a picture on the disk."""
    began = time.monotonic()  # the four processes are just made
    kiosk_s = recording_s = 0.0
    open_segments = venue.settings.store.media / MediaKind.RECORDING / TEMPORARY
    while not (kiosk_s and recording_s):
        now = time.monotonic() - began
        if now > 2 * PATIENCE:
            raise DeviceError("The services do not start.", do="Run: edge-agent demo --keep, and read its logs.")
        if not recording_s and sum(size > _FRAGMENT for size in _sizes(open_segments)) >= cameras:
            recording_s = now
        if not kiosk_s and _serves(f"{venue.web}/kiosk"):
            kiosk_s = now
        time.sleep(0.02)
    return kiosk_s, recording_s


def _sizes(folder: Path) -> list[int]:
    return [path.stat().st_size for path in folder.glob("*")]


def _serves(url: str) -> bool:
    try:
        return requests.get(url, timeout=5, allow_redirects=False).ok
    except requests.ConnectionError:
        return False


def _measure(services: Mapping[str, Process], minutes: float) -> Cost:
    before = {name: _cpu(service.family()) for name, service in services.items()}
    began = time.monotonic()
    time.sleep(minutes * 60)
    passed = time.monotonic() - began
    after = {name: service.family() for name, service in services.items()}
    return Cost(
        {name: 100 * (_cpu(family) - before[name]) / passed for name, family in after.items()},
        {name: sum(map(pss_mb, family)) for name, family in after.items()},
    )


def _cpu(family: Iterable[int]) -> float:
    """Seconds of these processes, and of their children that have ended."""
    total = 0
    for pid in family:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(int(field) for field in fields[11:15])
    return total / _TICKS
