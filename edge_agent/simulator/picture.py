"""What a virtual camera sees: a drawn classroom, with a clock for people and a bar code for tests."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

SCENES = ("classroom", "still", "black", "covered")
_STAMP_BITS = 16
_STAMP_COLUMNS = 24  # a cell is a 24th of the width: it survives the substream's scaling and compression
_NOISE_FIELDS = 5

_WALL = (206, 221, 226)
_BOARD = (60, 92, 48)
_DESK = (96, 140, 186)
_CHALK = (235, 240, 235)


def background(width: int, height: int, label: str, scene: str = "classroom") -> Image:
    """The part of the picture that does not move; BGR."""
    image: Image = np.full((height, width, 3), _WALL, np.uint8)
    if scene == "black":
        image[:] = 0
        return image
    if scene == "covered":
        image[:] = (42, 44, 52)
        return cv2.GaussianBlur(image, (0, 0), 3).astype(np.uint8)
    w, h = width, height
    cv2.rectangle(image, (w // 8, h // 10), (w * 7 // 8, h * 4 // 10), _BOARD, -1)
    cv2.rectangle(image, (w // 8, h // 10), (w * 7 // 8, h * 4 // 10), (80, 120, 160), max(2, h // 120))
    _text(image, label, (w // 6, h * 17 // 100), h)
    for row in range(3):
        for column in range(4 + row):
            _trainee(image, row, column)
    return image


def _text(image: Image, text: str, origin: tuple[int, int], height: int) -> None:
    """OpenCV 5's default font has Chinese (MEASURED)."""
    cv2.putText(image, text, origin, cv2.FONT_HERSHEY_SIMPLEX, height / 620, _CHALK, max(1, height // 300), cv2.LINE_AA)


def _trainee(image: Image, row: int, column: int) -> None:
    height, width = image.shape[:2]
    count = 4 + row
    x = int(width * (column + 1) / (count + 1))
    y = int(height * (0.58 + 0.13 * row))
    radius = int(height * (0.028 + 0.006 * row))
    skin = (150 + 8 * column, 190 - 6 * row, 226)
    cv2.ellipse(
        image, (x, y + 2 * radius), (2 * radius, radius), 0, 180, 360, (120 - 20 * row, 90, 60 + 20 * column), -1
    )
    cv2.circle(image, (x, y), radius, skin, -1)
    cv2.ellipse(image, (x, y - radius // 3), (radius, radius * 3 // 4), 0, 180, 360, (30, 30, 34), -1)
    cv2.rectangle(image, (x - 3 * radius, y + 2 * radius), (x + 3 * radius, y + 2 * radius + radius // 2), _DESK, -1)


def animate(image: Image, seconds: float, period: float, clock: str) -> None:
    """Draws in place what moves: the instructor, who is back where he began after `period` seconds, and the clock."""
    height, width = image.shape[:2]
    phase = 2 * math.pi * seconds / period
    x = int(width * (0.5 + 0.28 * math.sin(phase)))
    cv2.rectangle(
        image, (x - height // 26, height * 30 // 100), (x + height // 26, height * 50 // 100), (70, 50, 40), -1
    )
    cv2.circle(image, (x, height * 27 // 100), height // 30, (150, 190, 226), -1)
    centre = (width * 15 // 16, height // 8)
    radius = height // 14
    cv2.circle(image, centre, radius, (250, 250, 250), -1)
    angle = 2 * math.pi * (seconds % 60) / 60 - math.pi / 2
    hand = (int(centre[0] + radius * 0.85 * math.cos(angle)), int(centre[1] + radius * 0.85 * math.sin(angle)))
    cv2.line(image, centre, hand, (20, 20, 200), max(1, height // 200), cv2.LINE_AA)
    _text(image, clock, (width // 6, height * 34 // 100), height)


def noise_fields(width: int, height: int, amplitude: int) -> list[Image]:
    """A sensor's noise, a few fields used in turn; without it a drawn picture never reaches a camera's bit rate."""
    random = np.random.default_rng(7)
    shape = (height, width, 3)
    return [random.integers(0, amplitude + 1, shape, dtype=np.uint8) for _ in range(_NOISE_FIELDS if amplitude else 0)]


def stamp(image: Image, number: int) -> None:
    """Writes `number` (0 to 65535) as black and white cells along the bottom edge; `read_stamp` reads it back."""
    height, width = image.shape[:2]
    cell = width / _STAMP_COLUMNS
    bits = [1, 0, *(number >> bit & 1 for bit in reversed(range(_STAMP_BITS))), 0, 1]
    for index, bit in enumerate(bits):
        image[int(height - cell) :, int(index * cell) : int((index + 1) * cell)] = 255 * bit


def read_stamp(image: npt.NDArray[Any]) -> int | None:
    """The number that `stamp` wrote into a picture of whatever size, or None if there is none."""
    height, width = image.shape[:2]
    cell = width / _STAMP_COLUMNS
    row = int(height - cell / 2)
    values = [float(np.mean(image[row, int((index + 0.5) * cell)])) for index in range(_STAMP_BITS + 4)]
    if any(60 < value < 195 for value in values):  # noqa: PLR2004 - neither black nor white: no stamp
        return None
    bits = [int(value > 127) for value in values]  # noqa: PLR2004 - the middle of eight bits
    if bits[:2] != [1, 0] or bits[-2:] != [0, 1]:
        return None
    return int("".join(map(str, bits[2:-2])), 2)
