"""Flat spoofs of another hand than `flats.py`: whole pictures moved by their corners, bare stills, replayed video.

The first renderer bends one sheet in space; this one does what that doesn't: a photo with all its surroundings, waves
that run through the sheet, movements that are fast or jerk, a small face on a phone, no noise at all. Clips have 30
frames a second and a camera's encoder; a kiosk looks at every third frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.faces.face import Box, Floats, Picture, floats
from tests.faces.flats import through_codec, wander

RATE, LOOKED_AT = 30.0, 3
SUBJECTS = ("whole", "print", "phone")
MOTIONS = ("still", "sway", "fast", "tilt", "near", "wave", "jerk")
SCENES = tuple(f"{subject}-{motion}" for subject, motion in product(SUBJECTS, MOTIONS))
WAVES = tuple(kind for kind in SCENES if kind.endswith("wave"))
"""These flutter as cloth does, more than a sheet that a hand holds: docs/faces.md says what passes."""
BARE = ("repeated", "panned", "flickering")
_SIZES = ((640, 480), (640, 360), (480, 640))
_RIM = 0.05
"""Of the picture's longer side: a phone's edge, three times as much at its ends."""

Clip = list[tuple[float, Picture]]


@dataclass(frozen=True)
class Shot:
    """A picture with all that is on it, and where the face is."""

    picture: Picture
    face: Box


def scene(kind: str, seed: int, shots: Sequence[Shot], rooms: Sequence[Picture], *, seconds: float = 3.2) -> Clip:
    """A clip of `kind`, one of `SCENES`: (seconds, picture) of the frames that are looked at."""
    rng = np.random.default_rng([seed, SCENES.index(kind), 2])
    shot = shots[int(rng.integers(len(shots)))]
    return _held(kind, rng, [shot.picture] * round(seconds * RATE), shot.face, rooms)


def replay(frames: Sequence[Picture], face: Box, seed: int, rooms: Sequence[Picture]) -> Clip:
    """A living person's clip, 30 frames a second, on a phone held in a hand; `face` is where its first frame has it."""
    return _held("phone-sway", np.random.default_rng([seed, 3]), frames, face, rooms)


def bare(kind: str, seed: int, shots: Sequence[Shot], *, frames: int = 30) -> Clip:
    """A still without a camera's noise, one of `BARE`: repeated, panned by whole pixels, or flickering."""
    rng = np.random.default_rng([seed, BARE.index(kind), 4])
    shot = shots[int(rng.integers(len(shots)))]
    scale = float(rng.uniform(70, 200)) / shot.face.height
    picture = cv2.resize(shot.picture, None, fx=scale, fy=scale).astype(np.uint8)
    step, depth = int(rng.integers(1, 12)), float(rng.uniform(0.02, 0.3))

    def frame(i: int) -> Picture:
        moved = np.roll(picture, round(step * np.sin(i / 3)), axis=i % 2) if kind == "panned" else picture
        light = 1 + depth * (i % 2) if kind == "flickering" else 1.0
        return np.asarray(np.clip(moved * light, 0, 255), np.uint8)

    return [(i / 10, frame(i)) for i in range(frames)]


def _held(
    kind: str, rng: np.random.Generator, pictures: Sequence[Picture], face: Box, rooms: Sequence[Picture]
) -> Clip:
    """Pictures, one a frame, held before the camera."""
    subject, motion = kind.split("-")
    size = _SIZES[int(rng.integers(len(_SIZES)))]
    tall = float(rng.uniform(60, 100) if subject == "phone" else rng.uniform(70, 0.5 * size[1]))
    room = cv2.resize(rooms[int(rng.integers(len(rooms)))], size).astype(np.uint8)
    edge = cv2.BORDER_REPLICATE if subject == "whole" else cv2.BORDER_TRANSPARENT
    wave = _wave(rng, face) if motion == "wave" else None
    places = _places(motion, rng, len(pictures), tall, size)
    shine, grain = wander(rng, len(pictures), RATE, float(rng.uniform(0, 0.08))), float(rng.uniform(0.5, 3))
    shots = []
    for i, (picture, place) in enumerate(zip(pictures, places, strict=True)):
        sheet, rim = _on_phone(picture) if subject == "phone" else (picture, np.zeros(2))
        sheet = wave(sheet, i / RATE) if wave else sheet
        matrix = cv2.getPerspectiveTransform(floats(_corners(face) + rim), place)
        seen = room.copy()
        cv2.warpPerspective(sheet, matrix, size, dst=seen, borderMode=edge)
        lit = seen * (1 + shine[i]) + rng.normal(0, grain, (size[1], size[0], 1))
        shots.append(np.clip(lit, 0, 255).astype(np.uint8))
    codec, crf, bits = str(rng.choice(["libx264", "mpeg4"])), int(rng.integers(20, 32)), int(rng.integers(8, 30))
    coded = through_codec(shots, codec, RATE, crf=crf, bits=bits * 100_000)
    return [(i / RATE, shot) for i, shot in enumerate(coded)][::LOOKED_AT]


def _corners(face: Box) -> NDArray[np.float64]:
    """Of a square around the face, twice as tall."""
    (x, y), half = face.centre, face.height
    return np.array([(x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half)])


def _places(motion: str, rng: np.random.Generator, frames: int, tall: float, size: tuple[int, int]) -> list[Floats]:
    """Where these corners are in each frame (4, 2): any four corners are some flat sheet's."""

    def wanders(count: int, extent: float, fastest: float) -> NDArray[np.float64]:
        return np.stack([wander(rng, frames, RATE, extent, fastest) for _ in range(count)], axis=1)

    middle = np.array([size[0] / 2, size[1] / 2]) + wanders(2, 1.0, 2.0)
    scale = np.full(frames, tall)
    loose = wanders(8, 0.004 * tall, 2.0).reshape(frames, 4, 2)
    if motion == "sway":
        middle += wanders(2, float(rng.uniform(10, 40)), 1.0)
    elif motion == "fast":
        middle += wanders(2, float(rng.uniform(30, 100)), 3.0)
    elif motion == "tilt":
        loose += wanders(8, float(rng.uniform(0.05, 0.25)) * tall, 1.0).reshape(frames, 4, 2)
    elif motion == "near":
        scale = tall * np.exp(wander(rng, frames, RATE, float(rng.uniform(0.1, 0.5)), 1.0))
    elif motion == "jerk":
        held = np.arange(frames) // int(rng.integers(4, 15))
        middle += rng.normal(0, float(rng.uniform(3, 25)), (frames, 2))[held]
        loose += rng.normal(0, 0.04 * tall, (frames, 4, 2))[held]
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    return [
        floats(place + size_of * square + slack) for place, size_of, slack in zip(middle, scale, loose, strict=True)
    ]


def _wave(rng: np.random.Generator, face: Box) -> Callable[[Picture, float], Picture]:
    """Paper that flutters: a wave that runs through the sheet and moves its points along it."""
    high, long = rng.uniform(0.01, 0.05) * face.height, rng.uniform(0.8, 3) * face.height
    hertz, angle = rng.uniform(0.3, 2), rng.uniform(0, 2 * np.pi)

    def waved(picture: Picture, at: float) -> Picture:
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        along = np.cos(angle) * columns + np.sin(angle) * rows
        away = high * np.sin(2 * np.pi * (along / long - hertz * at))
        maps = floats(columns + np.cos(angle) * away), floats(rows + np.sin(angle) * away)
        return cv2.remap(picture, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)

    return waved


def _on_phone(picture: Picture) -> tuple[Picture, NDArray[np.float64]]:
    """In a phone's dark frame, and how far that shifts the picture."""
    rim = round(_RIM * max(picture.shape))
    framed = cv2.copyMakeBorder(picture, rim, rim, 3 * rim, 3 * rim, cv2.BORDER_CONSTANT, value=(20, 18, 18))
    return framed.astype(np.uint8), np.array([3 * rim, rim])
