"""The kiosk in Chromium: from the last needed frame to the answer, a queue of fifty, the page, lists, memory."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import requests
import typer

from edge_agent.cli.bench import Bench
from edge_agent.cli.benches import _school as school
from edge_agent.cli.benches._cast import Cast, enrol, read_cast
from edge_agent.cli.benches._chromium import chromium
from edge_agent.cli.benches._processes import peak_mb, program, wait_for
from edge_agent.cli.benches._queue import WALK_UP, QueueFaces, Visitor, visitors
from edge_agent.errors import DeviceError
from edge_agent.faces.manifest import weights_folder
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.settings import ClockSettings, Settings, Store, WebSettings, load_settings
from edge_agent.simulator.process import free_port
from edge_agent.simulator.visitor import FPS, Person, jpeg
from edge_agent.web.app import create_app
from edge_agent.web.guard import COOKIE, KIOSK_COOKIE
from edge_agent.web.server import Port, Servers
from edge_agent.web.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

CAMERA_FPS = 30
STANDS, GONE = 6.0, 1.6  # seconds that somebody stands there, and that nobody does
CLASSES, CLASS_SIZE = 50, 60
_RECOGNISED = {"signed_in", "signed_out", "already_signed_in", "already_signed_out", "both"}
_PATIENCE = 60.0
_ANSWERS = "performance.getEntriesByName('answer').length"


def run(
    clips: Annotated[Path | None, typer.Option(help="Clips of people, a folder a person; by default a sample.")] = None,
    models: Annotated[Path | None, typer.Option(help="Folder of the weights; by default the settings'.")] = None,
    visits: Annotated[int, typer.Option(min=1, help="Visits whose answers are timed.")] = 12,
    queue: Annotated[int, typer.Option(min=0, help="People in the queue; 0 leaves it out.")] = 50,
) -> Bench:
    settings = load_settings()
    weights = models or weights_folder(settings.faces.models_dir, settings.store.data_dir)
    with tempfile.TemporaryDirectory(prefix="edge-agent-bench-") as name:
        folder = Path(name)
        figures, measured = _real_faces(folder / "faces", weights, read_cast(clips, folder), visits)
        figures |= _lists(folder / "lists", weights)
        if queue:
            figures |= _queue(folder / "queue", queue, measured)
    return Bench("kiosk", figures, {})


# Real faces


def _real_faces(folder: Path, weights: Path, cast: Cast, visits: int) -> tuple[dict[str, Any], list[float]]:
    """The service with its engine, and people of the clips before the browser's camera, again and again."""
    folder.mkdir()
    config, port = folder / "config.toml", free_port()
    school.write_config(config, port=port, models=weights, faces=True)
    settings = _settings(folder, weights)
    prepare_agent(settings)
    with open_agent(settings) as agent:
        tokens = school.furnish(agent, list(cast))
        enrolled = enrol(agent, cast)
    camera = _film([shown for name, (_, shown) in cast.items() if name in enrolled], folder)
    with program("serve", "kiosk", config=config) as service, chromium(camera) as context:
        wait_for(port)
        url = f"http://127.0.0.1:{port}"
        context.add_cookies([{"name": KIOSK_COOKIE, "value": tokens.kiosk, "url": url}])
        page = context.new_page()
        figures = _page_figures(page, url)
        answers = _answers(page, visits)
        figures |= {"service_with_engine_beside_mb": round(peak_mb(service.pid), 1)}
    times = [each["duration"] for each in answers if each["name"] == "answer"]
    told = [each["detail"]["state"] for each in answers if each["name"] == "answer"]
    recognised = [
        each["duration"] / 1000
        for each in answers
        if each["name"] == "visit" and each["detail"]["state"] in _RECOGNISED
    ]
    if not recognised:
        raise DeviceError("Nobody was recognised (没有人被识别).", do="Give clips with faces of 70 pixels or more.")
    figures |= {
        "people": len(enrolled),
        "answers": len(times),
        "recognised": sum(each in _RECOGNISED for each in told),
        "answer_ms_p50": round(statistics.median(times), 1),
        "answer_ms_p95": round(float(np.percentile(times, 95)), 1),
        "visit_s_p50": round(statistics.median(recognised), 2),
        "visit_s_p95": round(float(np.percentile(recognised, 95)), 2),
    }
    return figures, recognised


def _settings(folder: Path, weights: Path) -> Settings:
    faces = load_settings().faces.model_copy(update={"models_dir": weights.absolute(), "impact_assessment": "BENCH"})
    clock = ClockSettings(kept_by_host=True)
    web = WebSettings(host="127.0.0.1", port=0, tls_port=0)
    return Settings(store=Store(data_dir=folder / "agent"), clock=clock, faces=faces, web=web)


def _film(people: Sequence[Person], folder: Path) -> Path:
    """An MJPEG file: each of the people stands there for a while, then nobody does."""
    file = folder / "camera.mjpeg"
    with file.open("wb") as film:
        for person in people:
            frames = [person.living(step) for step in range(round(STANDS * FPS))]
            for place in range(round(STANDS * CAMERA_FPS)):
                film.write(frames[place * FPS // CAMERA_FPS])
            empty = jpeg(np.full_like(person.pictures[0], 128))
            for _ in range(round(GONE * CAMERA_FPS)):
                film.write(empty)
    return file


def _page_figures(page: Page, url: str) -> dict[str, Any]:
    """Load the page cold, and then twice as a kiosk does that was switched on again."""
    usable = []
    for _ in range(3):
        page.goto(f"{url}/kiosk")
        _await_usable(page)
        usable.append(page.evaluate("performance.getEntriesByName('usable')[0].startTime"))
    kinds = "['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))"
    size = page.evaluate(f"{kinds}.reduce((sum, entry) => sum + entry.encodedBodySize, 0)")
    return {"page_kb": round(size / 1000, 1), "usable_ms_cold": round(usable[0]), "usable_ms": round(min(usable[1:]))}


def _await_usable(page: Page) -> None:
    """Wait until the service has taken in the first frame."""
    deadline = time.monotonic() + _PATIENCE
    while not page.evaluate("performance.getEntriesByName('usable').length"):
        if time.monotonic() > deadline:
            raise DeviceError("The kiosk's page takes no frames (打卡页面没有画面).", do="Look at it in a browser.")
        page.wait_for_timeout(20)


def _answers(page: Page, visits: int) -> list[dict[str, Any]]:
    """What the page measured of so many visits: `answer` and `visit` in ms, with state and name."""
    script = (
        """performance.getEntriesByType('measure').map(({ name, duration, detail }) => ({ name, duration, detail }))"""
    )
    deadline = time.monotonic() + _PATIENCE + visits * (STANDS + GONE) * 2
    found: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        found = page.evaluate(script)
        if sum(each["name"] == "answer" for each in found) >= visits:
            break
        page.wait_for_timeout(500)
    return found


# Lists and memory


def _lists(folder: Path, weights: Path) -> dict[str, Any]:
    """The service without its engine: lists of many classes, and the memory after all of it."""
    folder.mkdir()
    config, port = folder / "config.toml", free_port()
    school.write_config(config, port=port, models=weights, faces=False)
    settings = _settings(folder, weights)
    prepare_agent(settings)
    with open_agent(settings) as agent:
        tokens = school.furnish(agent, [f"t{each}" for each in range(50)], classes=CLASSES, size=CLASS_SIZE)
    paths = {
        "classes": "/console/classes",
        "class": "/console/classes/c7",
        "overview": "/console",
        "teach": "/teach",
        "sheet": f"/teach/lessons/{school.LESSON}",
        "api_classes": "/api/v1/classes?limit=50",
        "api_trainees": "/api/v1/classes/c7/trainees?limit=500",
    }
    with program("serve", "kiosk", config=config) as service, requests.Session() as office:
        wait_for(port)
        office.cookies.set(COOKIE, tokens.office)
        times = {
            f"list_{name}_ms": _answer_ms(office, f"http://127.0.0.1:{port}{path}") for name, path in paths.items()
        }
        memory = peak_mb(service.pid)
    return times | {"lists_ms": max(times.values()), "service_mb": round(memory, 1)}


def _answer_ms(office: requests.Session, url: str) -> float:
    """The median of seven after a first one."""
    times = []
    for _ in range(8):
        began = time.perf_counter()
        answer = office.get(url, timeout=_PATIENCE, allow_redirects=False)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code != requests.codes.ok:
            raise DeviceError(f"{url}: {answer.status_code}")
    return round(statistics.median(times[1:]), 1)


# The queue


def _queue(folder: Path, length: int, measured: Sequence[float]) -> dict[str, Any]:
    """So many people, one after the other, in real time, with the pauses that the page makes."""
    folder.mkdir()
    settings = _settings(folder, folder)
    prepare_agent(settings)
    names = [f"学员{number:02}" for number in range(length)]
    with ExitStack() as ending:
        agent = ending.enter_context(open_agent(settings))
        tokens = school.furnish(agent, names)
        faces = QueueFaces(set(names))
        site = Site(settings, agent.clock, agent.writer, agent.files, cache(load_policy), faces)
        ending.callback(site.readers.close)
        servers = Servers(create_app(site), site.live, [Port("127.0.0.1", 0)])
        servers.start()
        ending.callback(servers.stop)
        url = f"http://127.0.0.1:{servers.ports[0]}"
        context = ending.enter_context(chromium())
        context.add_cookies([{"name": KIOSK_COOKIE, "value": tokens.kiosk, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/kiosk")
        _await_usable(page)
        began = time.monotonic()
        states = [_serve(page, faces, each) for each in visitors(names, measured)]
        seconds = time.monotonic() - began
    return {
        f"queue_{length}_s": round(seconds, 1),
        "queue_signed_in": states.count("signed_in"),
        "queue_by_hand": states.count("unknown"),
    }


def _serve(page: Page, faces: QueueFaces, visitor: Visitor) -> str:
    """One person, who sets off while the answer of the one before is shown: walks up, looks, and has the answer."""
    faces.step_up(None)
    before = int(page.evaluate(_ANSWERS))
    page.wait_for_timeout(WALK_UP * 1000)
    faces.step_up(visitor)
    deadline = time.monotonic() + _PATIENCE
    while page.evaluate(_ANSWERS) == before:
        if time.monotonic() > deadline:
            raise DeviceError(f"{visitor.trainee} had no answer (没有应答).")
        page.wait_for_timeout(20)
    return str(page.evaluate("performance.getEntriesByName('answer').at(-1).detail.state"))
