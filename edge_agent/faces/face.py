"""What the engine sees in one frame. Coordinates are the frame's pixels; arrays are never changed once made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]
"""Height x width x 3, blue first, or height x width."""


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def inside(self, width: int, height: int) -> bool:
        """Whether it lies wholly in a frame of this size: a face that is cut off has false points."""
        return self.x >= 0 and self.y >= 0 and self.x + self.width <= width and self.y + self.height <= height


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face found: `points` (5, 2) are right eye, left eye, nose, right and left corner of the mouth, as the
    person has them. `score` is the detector's own, 0 to 1.
    """

    box: Box
    points: Floats
    score: float

    @property
    def yaw(self) -> float:
        """Head turn: the nose's offset from the middle of the eyes over their distance. 0 frontal, beyond 0.4 turned.

        Positive when the person turns to their own left. A flat picture keeps it however it is tilted: it is a ratio
        along one line, up to perspective.
        """
        right, left, nose = self.points[:3]
        across = left - right
        return float(((nose - (right + left) / 2) @ across) / max(float(across @ across), 1e-6))

    @property
    def roll(self) -> float:
        """Degrees by which the line of the eyes is tilted."""
        across = self.points[1] - self.points[0]
        return float(np.degrees(np.arctan2(across[1], across[0])))

    @property
    def pitch(self) -> float:
        """Where the nose stands between the eyes (0) and the mouth (1), about 0.55 for a level head."""
        eyes, mouth = self.points[:2].mean(axis=0), self.points[3:].mean(axis=0)
        down = mouth - eyes
        return float(((self.points[2] - eyes) @ down) / max(float(down @ down), 1e-6))


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """The landmarker's 478 points (478, 3) and its own belief that they lie on a face (a logit; 10 and more is usual).

    `patch` is a grey square around them; a point's place in it is `(point - origin) * scale`.
    """

    points: Floats
    presence: float
    patch: Picture
    origin: tuple[float, float]
    scale: float

    def in_patch(self) -> Floats:
        """The points (478, 2) in the patch's pixels."""
        placed: Floats = ((self.points[:, :2] - np.asarray(self.origin, np.float32)) * self.scale).astype(np.float32)
        return placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How well the face can be seen; `quality.py` judges these.

    `light` is its mean grey (0 to 255), `contrast` the grey's spread, `sharpness` the spread of its Laplacian at a face
    of 112 pixels, `covered` how far mouth or eyes are from bare skin (1 and more: a mask, a hand, dark glasses).
    """

    light: float
    contrast: float
    sharpness: float
    covered: float


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """The nearest face, looked at closely. `embedding` is the engine's own, not scaled to unit length."""

    face: Detection
    look: Look
    embedding: Floats
    mesh: Mesh | None


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One frame of one stream, taken `at` monotonic seconds. `others` are the boxes beside the nearest face's."""

    stream: str
    at: float
    width: int
    height: int
    subject: Subject | None
    others: tuple[Box, ...] = ()

    def __repr__(self) -> str:
        return f"Observation({self.stream!r}, at={self.at:.3f}, faces={len(self.others) + (self.subject is not None)})"


def floats(values: Any) -> Floats:
    return np.ascontiguousarray(values, dtype=np.float32)
