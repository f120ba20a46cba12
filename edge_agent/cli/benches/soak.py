"""Whether a device that runs for years keeps its size: weeks of use in an hour, and what each service holds meanwhile.

Lessons of a minute follow one another while `_wear` does its work. Growth is the slope of a line through the samples of
the last two thirds: caches are filled by then, and the longest line of code has been walked once.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import requests
import typer

from edge_agent.cli.bench import Bench
from edge_agent.cli.benches import _school as school
from edge_agent.cli.benches._cast import enrol, read_cast
from edge_agent.cli.benches._processes import pss_mb
from edge_agent.cli.benches._site import bind_cameras, join_centre
from edge_agent.cli.benches._wear import Wear, at_once, browse, come_and_go, disturb
from edge_agent.cli.within import run
from edge_agent.errors import DeviceError
from edge_agent.model.kinds.capture import SegmentClosed
from edge_agent.model.lesson import Lesson
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.serve.run import Service
from edge_agent.simulator.process import Process
from edge_agent.simulator.venue import Venue
from edge_agent.store import lessons, training
from edge_agent.store.facts import read_head
from edge_agent.store.writer import Transaction

ROOM = "101"
SAMPLE_SECONDS = 10.0
SETTLED = 1 / 3
"""The share of the time that is left out of the slope."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a service and its children hold at a moment (monotonic): `mb` is PSS."""

    at: float
    mb: float
    files: int
    threads: int


def measure(
    minutes: Annotated[float, typer.Option(min=1, help="How long; an hour tells a slow leak from noise.")] = 60.0,
    cameras: Annotated[int, typer.Option(min=1, help="Virtual cameras, 640x360.")] = 2,
    clips: Annotated[Path | None, typer.Option(help="Clips of people, a folder a person; by default a sample.")] = None,
) -> Bench:
    wear = Wear()
    with ExitStack() as stack:
        venue = stack.enter_context(Venue(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ea-")))))
        cast = read_cast(clips, venue.folder)
        run("migrate")
        around = [join_centre(venue), bind_cameras(venue, ROOM, cameras, size="640x360", kbps=500)]
        with open_agent(venue.settings) as agent:
            tokens = school.furnish(agent, list(cast), classes=5, size=60)
            agent.writer.run(lambda tx: _teach(tx, agent, minutes))
            enrol(agent, cast)
        services = {name.value: venue.start(name.value, "serve", name.value) for name in Service}
        services["kiosk"].wait_until(lambda: _answers(venue.web), "does not answer")
        with at_once(
            browse(venue.web, tokens.office, wear),
            come_and_go(venue.web, tokens.kiosk, cast, wear),
            disturb([each for each in around if each], wear),
        ) as check:
            samples = _watch(services, minutes, check)
        with open_agent(venue.settings) as agent, agent.reading() as connection:
            facts = read_head(connection).seq
            count = "SELECT count(*) FROM facts WHERE kind = ?"
            (segments,) = connection.execute(count, (SegmentClosed.KIND,)).fetchone()
    if wear.errors:
        raise DeviceError(f"{len(wear.errors)} addresses answered with an error: {', '.join(sorted(wear.errors)[:5])}")
    figures: dict[str, float | int | str] = {
        "minutes": minutes,
        "cameras": cameras,
        "facts": facts,
        "segments": segments,
        "pages": wear.pages,
        "visits": wear.visits,
        "recognised": wear.recognised,
        "troubles": wear.troubles,
    }
    for name, held in samples.items():
        figures |= dict(_figures(name, held))
    return Bench("soak", figures, {})


def _teach(tx: Transaction, agent: Agent, minutes: float) -> None:
    """A lesson a minute instead of the one that is there, until some time after the end."""
    first = lessons.get_lesson(tx.connection, school.LESSON)
    lessons.save_lesson(tx, replace(first, cancelled=True, cancel_reason="bench"), change="edited", by="bench")
    training.save_room(tx, ROOM, ROOM, by="bench")
    zone = load_policy(agent.settings.policy).policy.zone
    now = tx.stamp.wall.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    for number in range(int(minutes) + 10):
        start = now + timedelta(minutes=number)
        lesson = Lesson(f"soak-{number}", school.CLASS, start.date(), start.time(), 1, room=ROOM, subject="护理")
        lessons.save_lesson(tx, lesson, change="added", by="bench")


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def _watch(services: Mapping[str, Process], minutes: float, check: Callable[[], None]) -> dict[str, list[Held]]:
    samples: dict[str, list[Held]] = {name: [] for name in services}
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        time.sleep(SAMPLE_SECONDS)
        check()
        for name, service in services.items():
            samples[name].append(_held(service))
    return samples


def _held(service: Process) -> Held:
    mb, files, threads = 0.0, 0, 0
    for pid in service.family():
        process = Path("/proc", str(pid))
        with suppress(FileNotFoundError, ProcessLookupError):  # a child that has just ended
            own = pss_mb(pid), len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))
            mb, files, threads = mb + own[0], files + own[1], threads + own[2]
    return Held(time.monotonic(), mb, files, threads)


def _figures(name: str, held: Sequence[Held]) -> Iterator[tuple[str, float]]:
    later = held[round(len(held) * SETTLED) :]
    hours = np.array([each.at for each in later]) / 3600
    yield f"{name}_mb", round(float(np.median([each.mb for each in later])), 1)
    for unit in ("mb", "files", "threads"):
        slope, _ = np.polyfit(hours, [getattr(each, unit) for each in later], 1)
        yield f"{name}_{unit}_an_hour", round(float(slope), 2)
