"""Flat spoofs: a still of a face rendered as if it were held before a camera; seeded, so that each can be made again.

The picture is a sheet in space, plane or bent to a cylinder, before a camera with a focal length of 700 pixels; it is
held, moved, tilted, scaled (brought nearer), bent, or shown on a phone. Each clip gets light that drifts, glare, sensor
noise, and a JPEG, H.264 or MPEG-4 encoder's traces.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.faces.face import Picture
from edge_agent.faces.frames import decode_frame

KINDS = ("held", "moved", "tilted", "scaled", "bent", "phone")
WIDTH, HEIGHT = 640, 480
FOCAL = 700.0
_STEP = 8

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Still:
    """A picture and how tall the face on it is, in its pixels; the face is in its middle."""

    picture: Picture
    face: float


@dataclass
class _Hold:
    """How the sheet is held, frame by frame: angles in radians, shifts in pixels, curvature in 1/pixel."""

    yaw: Curve
    pitch: Curve
    roll: Curve
    across: Curve
    down: Curve
    scale: Curve
    bend: Curve
    bent_across: bool


def flat(
    kind: str,
    seed: int,
    stills: Sequence[Still],
    rooms: Sequence[Picture],
    *,
    frames: int = 25,
    rate: float = 10.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
) -> list[tuple[float, Picture]]:
    """A clip of `kind`: (seconds, picture) a frame."""
    width, height = size
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    still = stills[int(rng.integers(len(stills)))]
    picture = _on_phone(still.picture, rng) if kind == "phone" else still.picture
    tall = float(rng.uniform(70, 110) if rng.random() < 0.5 else rng.uniform(70, 0.46 * height))
    hold = _hold(kind, rng, frames, rate=rate, tall=tall, scale=tall / still.face)
    plain = np.full((height, width, 3), rng.integers(30, 220, 3), np.uint8)
    room = cv2.resize(rooms[int(rng.integers(len(rooms)))], size).astype(np.uint8)
    behind = room if kind == "phone" or rng.random() < 0.5 else plain
    raw = list(_shots(picture, behind, hold, rng, rate))
    return [(i / rate, frame) for i, frame in enumerate(_encoded(raw, rng, rate))]


def wander(rng: np.random.Generator, frames: int, rate: float, size: float, fastest: float = 2.0) -> Curve:
    """A smooth random movement: six sines of 0.2 Hz to `fastest`."""
    times = np.arange(frames) / rate
    hertz, phase, weight = rng.uniform(0.2, fastest, 6), rng.uniform(0, 2 * np.pi, 6), rng.normal(size=6) / 6**0.5
    waves = weight[:, None] * np.sin(2 * np.pi * hertz[:, None] * times + phase[:, None])
    return np.asarray(size * waves.sum(axis=0))


def _hold(kind: str, rng: np.random.Generator, frames: int, *, rate: float, tall: float, scale: float) -> _Hold:
    def drift(size: float, fastest: float = 2.0) -> Curve:
        return wander(rng, frames, rate, size, fastest)

    tremor = rng.uniform(0.3, 2.5)
    hold = _Hold(
        yaw=drift(0.01),
        pitch=drift(0.01),
        roll=drift(0.01),
        across=drift(tremor),
        down=drift(tremor),
        scale=np.full(frames, scale),
        bend=np.zeros(frames),
        bent_across=bool(rng.random() < 0.7),
    )
    also = {kind}
    if kind == "phone":
        also |= set(rng.choice(["held", "moved", "tilted", "scaled"], 2))
    elif rng.random() < 0.4:
        also.add(str(rng.choice(["moved", "tilted", "scaled"])))
    if "moved" in also:
        hold.across += drift(rng.uniform(10, 60), 1.0)
        hold.down += drift(rng.uniform(5, 30), 1.0)
        hold.roll += drift(rng.uniform(0, 0.2), 1.0)
    if "tilted" in also:
        hold.yaw += drift(rng.uniform(0.1, 0.6), 1.0) + rng.normal() * 0.1
        hold.pitch += drift(rng.uniform(0.05, 0.4), 1.0)
    if "scaled" in also:
        hold.scale = scale * np.exp(drift(rng.uniform(0.05, 0.3), 0.8))
    if "bent" in also:
        tightest = rng.uniform(0.2, 1.2) / (1.2 * tall)  # a radius of one to six faces
        hold.bend = rng.choice([-1, 1]) * tightest * (1 + drift(rng.uniform(0, 0.8), 1.0))
        hold.yaw += drift(rng.uniform(0, 0.5), 1.0)
        hold.pitch += drift(rng.uniform(0, 0.3), 1.0)
    return hold


def _shots(picture: Picture, behind: Picture, hold: _Hold, rng: np.random.Generator, rate: float) -> Iterator[Picture]:
    frames = len(hold.yaw)
    light, glare = wander(rng, frames, rate, rng.uniform(0, 0.06)), rng.random() < 0.3
    grain = [np.asarray(rng.normal(0, rng.uniform(0.5, 4), behind.shape), np.float32) for _ in range(3)]
    for i in range(frames):
        shot = _shot(picture, behind, hold, i).astype(np.float32) * (1 + light[i])
        if glare:
            shot += _spot(shot.shape[:2], hold.across[i], hold.down[i])
        shot += np.roll(grain[i % len(grain)], int(rng.integers(10_000)), axis=1)
        yield np.clip(shot, 0, 255).astype(np.uint8)


def _shot(picture: Picture, behind: Picture, hold: _Hold, i: int) -> Picture:
    """Each pixel's ray meets the sheet; the picture's colour there is what is seen."""
    height, width = behind.shape[:2]
    xs, ys = np.meshgrid(np.arange(0, width + _STEP, _STEP), np.arange(0, height + _STEP, _STEP))
    across, down = (xs - width / 2 - hold.across[i]) / FOCAL, (ys - height / 2 - hold.down[i]) / FOCAL
    rays = np.stack([across, down, np.ones_like(across)], axis=-1) @ _turn(hold.yaw[i], hold.pitch[i], hold.roll[i])
    start = _turn(hold.yaw[i], hold.pitch[i], hold.roll[i]).T @ np.array([0, 0, -FOCAL])
    u, v = _meet(start, rays, hold.bend[i], 0 if hold.bent_across else 1)
    high, wide = picture.shape[:2]
    maps = [_fine(u / hold.scale[i] + wide / 2, width, height), _fine(v / hold.scale[i] + high / 2, width, height)]
    seen = behind.copy()
    cv2.remap(picture, maps[0], maps[1], cv2.INTER_LINEAR, dst=seen, borderMode=cv2.BORDER_TRANSPARENT)
    return seen


def _turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.array(about_y) @ np.array(about_x) @ np.array(about_z)


def _meet(
    start: NDArray[np.float64], rays: NDArray[np.float64], bend: float, axis: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where rays meet the sheet, in its own unrolled coordinates: a plane, or a cylinder bent along `axis`."""
    if abs(bend) < 1e-7:
        met = start - (start[2] / rays[..., 2])[..., None] * rays
        return met[..., 0], met[..., 1]
    radius = 1 / bend
    a = rays[..., axis] ** 2 + rays[..., 2] ** 2
    b = 2 * (start[axis] * rays[..., axis] + (start[2] - radius) * rays[..., 2])
    c = start[axis] ** 2 + (start[2] - radius) ** 2 - radius**2
    far = (-b - np.sign(radius) * np.sqrt(np.maximum(b * b - 4 * a * c, 0))) / (2 * a)
    met = start + far[..., None] * rays
    arc = radius * np.arctan2(met[..., axis] * np.sign(radius), (radius - met[..., 2]) * np.sign(radius))
    return (arc, met[..., 1]) if axis == 0 else (met[..., 0], arc)


def _fine(coarse: NDArray[np.float64], width: int, height: int) -> NDArray[np.float32]:
    """A map on every eighth pixel, drawn out to each."""
    rows, columns = coarse.shape
    wide = cv2.resize(coarse.astype(np.float32), (columns * _STEP, rows * _STEP), interpolation=cv2.INTER_LINEAR)
    shift = np.array([[1, 0, -(_STEP - 1) / 2], [0, 1, -(_STEP - 1) / 2]], np.float32)
    return np.asarray(cv2.warpAffine(wide, shift, (width, height), borderMode=cv2.BORDER_REPLICATE), np.float32)


def _spot(shape: tuple[int, ...], across: float, down: float) -> NDArray[np.float32]:
    height, width = shape
    ys, xs = np.mgrid[0:height:4, 0:width:4]
    away = (xs - width / 2 - 2 * across - 80) ** 2 + (ys - height / 2 + 60 - down) ** 2
    spot = (60 * np.exp(-away / (2 * 60.0**2))).astype(np.float32)
    return np.asarray(cv2.resize(spot, (width, height)), np.float32)[..., None]


def _on_phone(picture: Picture, rng: np.random.Generator) -> Picture:
    """On a screen in its dark frame, often cropped upright."""
    height, width = picture.shape[:2]
    if rng.random() < 0.5 and width > height * 9 // 16:
        left = (width - height * 9 // 16) // 2
        picture = np.ascontiguousarray(picture[:, left : width - left])
    rim = max(2, int(0.04 * max(picture.shape)))
    ends = int(rim * rng.uniform(1, 4))
    colour = [float(each) for each in rng.integers(5, 40, 3)]
    return cv2.copyMakeBorder(picture, ends, ends, rim, rim, cv2.BORDER_CONSTANT, value=colour).astype(np.uint8)


def _encoded(frames: list[Picture], rng: np.random.Generator, rate: float) -> list[Picture]:
    codec = str(rng.choice(["jpeg", "libx264", "mpeg4"]))
    quality, crf, kilobits = int(rng.integers(55, 95)), int(rng.integers(18, 33)), int(rng.integers(600, 2500))
    if codec == "jpeg":
        jpegs = [cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for frame in frames]
        return [decode_frame(jpeg.tobytes()) for jpeg in jpegs]
    return through_codec(frames, codec, rate, crf=crf, bits=kilobits * 1000)


def through_codec(frames: list[Picture], codec: str, rate: float, *, crf: int, bits: int) -> list[Picture]:
    """Encode and decode; `bits` a second for MPEG-4, `crf` for H.264."""
    file = io.BytesIO()
    write_clip(file, frames, codec, rate, crf=crf, bits=bits)
    file.seek(0)
    with av.open(file, "r") as clip:
        return [frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in clip.decode(video=0)]


def write_clip(
    file: io.BytesIO | Path, frames: list[Picture], codec: str, rate: float, *, crf: int = 23, bits: int = 2_000_000
) -> None:
    height, width = frames[0].shape[:2]
    with av.open(str(file) if isinstance(file, Path) else file, "w", format="matroska") as clip:
        stream = clip.add_stream(codec, rate=round(rate))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", bits
        if codec == "libx264":
            stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        for frame in frames:
            clip.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")))
        clip.mux(stream.encode(None))
