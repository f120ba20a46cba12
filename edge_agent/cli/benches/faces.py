"""How fast faces are found and named, against dlib where it is installed; memory and start of the engine's process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Annotated, TypeVar

import cv2
import numpy as np
import typer

from edge_agent.cli.bench import Bench
from edge_agent.errors import DeviceError
from edge_agent.faces.analyse import look_closely, room_faces
from edge_agent.faces.backend import Backend
from edge_agent.faces.decide import Roster
from edge_agent.faces.engines import load_backend
from edge_agent.faces.evaluate import photos_by_person
from edge_agent.faces.face import Picture
from edge_agent.faces.fetch import fetch
from edge_agent.faces.frames import encode_frame
from edge_agent.faces.heads import find_heads
from edge_agent.faces.images import read_photo
from edge_agent.faces.manifest import read_manifest, verified_weights, weights_folder
from edge_agent.faces.names import EngineName
from edge_agent.faces.process import FaceEngine
from edge_agent.settings import load_settings

_Frame = TypeVar("_Frame")

SIZES = ((640, 480), (1280, 720))
FACE_SHARE = 0.3
"""Of the frame's height: a person an arm's length from a kiosk."""


def run(
    photos: Annotated[Path | None, typer.Option(help="A folder a person, for faces to paste into the frames.")] = None,
    models: Annotated[Path | None, typer.Option(help="Folder of the weights; by default the settings'.")] = None,
    rounds: Annotated[int, typer.Option(min=3, help="Frames a figure; the median counts.")] = 15,
) -> Bench:
    settings = load_settings()
    folder = models or weights_folder(settings.faces.models_dir, settings.store.data_dir)
    faces = _faces(photos, folder)
    figures: dict[str, float | int | str] = {"rounds": rounds}
    threads = cv2.getNumThreads()
    cv2.setNumThreads(2)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)  # a warning at each model's load tells nothing
    try:
        times = _name_times(dict(_backends(folder)), faces, rounds)
        cv2.setNumThreads(1)
        figures["preview_fps"] = round(1000 / _preview_ms(folder, faces, rounds), 1)
    finally:
        cv2.setNumThreads(threads)
    for name, by_size in times.items():
        figures |= {f"{name}_{size}_ms": round(milliseconds, 2) for size, milliseconds in by_size.items()}
    figures |= _process_figures(folder, faces, rounds)
    return Bench("faces", figures, _ratios(times))


def _faces(photos: Path | None, folder: Path) -> list[Picture]:
    if photos is not None:
        return [read_photo(paths[0]) for paths in list(photos_by_person(photos).values())[:40]]
    still = read_manifest().named("astronaut.png")
    list(fetch([still], folder))
    return [read_photo(folder / still.name)[:300, 90:390]]


def _ratios(times: Mapping[EngineName, Mapping[str, float]]) -> dict[str, float]:
    if "dlib" not in times:
        return {}
    return {f"dlib_to_opencv_{size}": round(times["dlib"][size] / ms, 2) for size, ms in times["opencv"].items()}


def _backends(folder: Path) -> Iterator[tuple[EngineName, Backend]]:
    yield "opencv", load_backend("opencv", verified_weights("opencv", folder))
    with suppress(DeviceError):  # the optional engine: no figures without it
        yield "dlib", load_backend("dlib", verified_weights("dlib", folder))


def _name_times(
    backends: Mapping[EngineName, Backend], faces: list[Picture], rounds: int
) -> dict[EngineName, dict[str, float]]:
    """From a decoded frame to a name among 40, by engine and size; the engines take turns, and so share a load."""
    namers = {name: _namer(backend, faces) for name, backend in backends.items()}
    times: dict[EngineName, dict[str, float]] = {name: {} for name in backends}
    for width, height in SIZES:
        frames = [_frame(faces[i % len(faces)], width, height) for i in range(rounds)]
        taken: dict[EngineName, list[float]] = {name: [] for name in backends}
        for frame in frames:
            for name, namer in namers.items():
                taken[name].append(_ms(namer, frame))
        for name, each in taken.items():
            times[name][f"{width}x{height}"] = median(each)
    return times


def _namer(backend: Backend, faces: list[Picture]) -> Callable[[Picture], None]:
    identity = backend.identity
    known = {str(i): backend.embed(face, found[:1]) for i, face in enumerate(faces) if (found := backend.detect(face))}
    roster = Roster({name: identity.metric.fuse(views) for name, views in known.items()}, identity)

    def name(frame: Picture) -> None:
        subject, _ = look_closely(backend, None, frame)
        if subject is not None:
            roster.decide([subject.embedding], identity.thresholds.match)

    return name


def _preview_ms(folder: Path, faces: list[Picture], rounds: int) -> float:
    backend = load_backend("opencv", verified_weights("opencv", folder))
    frames = [_frame(faces[i % len(faces)], 320, 240) for i in range(rounds)]
    return _median_ms(backend.detect, frames)


def _process_figures(folder: Path, faces: list[Picture], rounds: int) -> dict[str, float | int]:
    """The engine as a kiosk has it: start, memory after work, frames over the socket, a full classroom."""
    began = time.perf_counter()
    with FaceEngine(folder) as engine:
        engine.wait_ready()
        ready = time.perf_counter() - began
        frames = [encode_frame(_frame(faces[i % len(faces)], 1280, 720)) for i in range(rounds)]
        with_mesh = _median_ms(engine.ask, frames)
        room = encode_frame(_room(faces))
        heads = len(find_heads(engine, room))
        rooms = _median_ms(lambda frame: find_heads(engine, frame), [room] * 3)
        named = _room_named_ms(folder, faces)
        memory = _resident_mb(engine.pid or 0)
    return {
        "ready_s": round(ready, 3),
        "frame_with_liveness_ms": round(with_mesh, 2),
        "room_heads": heads,
        "room_ms": round(rooms, 1),
        "room_40_named_ms": round(named, 1),
        "resident_mb": round(memory, 1),
    }


def _room_named_ms(folder: Path, faces: list[Picture]) -> float:
    """40 faces of one 1080p frame found and embedded, on two threads."""
    backend = load_backend("opencv", verified_weights("opencv", folder))
    room = _room(faces)
    cv2.setNumThreads(2)
    return _median_ms(lambda room: backend.embed(room, room_faces(backend, room)), [room] * 3)


def _ms(work: Callable[[_Frame], object], frame: _Frame) -> float:
    began = time.perf_counter()
    work(frame)
    return (time.perf_counter() - began) * 1000


def _median_ms(work: Callable[[_Frame], object], frames: Sequence[_Frame]) -> float:
    return median(_ms(work, frame) for frame in frames)


def _frame(face: Picture, width: int, height: int) -> Picture:
    """A grey wall with one person before it."""
    frame = np.full((height, width, 3), 140, np.uint8)
    side = round(height * FACE_SHARE * 2)
    frame[(height - side) // 2 :, (width - side) // 2 :][:side, :side] = cv2.resize(face, (side, side))
    return frame


def _room(faces: list[Picture]) -> Picture:
    """A classroom of 40 in 1080p: eight columns, five rows."""
    room = np.full((1080, 1920, 3), 120, np.uint8)
    for i in range(40):
        x, y = 20 + i % 8 * 236, 10 + i // 8 * 212
        room[y : y + 200, x : x + 200] = cv2.resize(faces[i % len(faces)], (200, 200))
    return room


def _resident_mb(pid: int) -> float:
    """The process's largest resident set so far."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
