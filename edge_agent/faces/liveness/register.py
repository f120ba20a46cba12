"""Laying one frame's face over another's, and what is left when every flat explanation is taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.faces.face import Floats, Mesh, Picture, floats
from edge_agent.faces.landmarker import PATCH_FACE
from edge_agent.faces.liveness.geometry import FACE, LEFT_IRIS, LIPS, OVAL, RIGHT_IRIS, eye_distance
from edge_agent.faces.liveness.sheet import Sheet, polynomials
from edge_agent.faces.liveness.solid import Relief

SIDE = 128
"""Pixels of the reference: the face's patch without its margin, at the same scale."""
_GRID = 4
_TEXTURED = 0.65
"""Share of the grid that is used: flow on bare skin is a guess."""
_INSIDE = 0.92
"""The face's outline is drawn in by this, so that nothing of the background is taken for a moving face."""
_BLUR = 0.8
_ROUNDS = 3
_CONVERGED = 0.25
_INLIER = 0.7
_ALIKE = 0.75
"""Correlation under which two faces were not laid over each other: another person, a hand, a turned head."""
_SUBPIXEL = 0.15
"""Pixels by which a perfect registration still misses, seen as a difference where there are edges."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """One frame against the reference, in eye distances.

    `bent` (n, 2) is what flow is left at each point after the best homography, `alive` (n, 2) after a smooth warp that
    a bent or crumpled picture can make too. `eyes` and `mouth` say how these regions differ in grey after that warp:
    relative to their own contrast, and to what noise and edges explain; of the two eyes, the one that differs less.
    """

    bent: Floats
    alive: Floats
    eyes: tuple[float, float]
    mouth: tuple[float, float]


class Reference:
    """The frame that others are laid over. Not thread-safe (OpenCV's flow keeps buffers)."""

    def __init__(self, mesh: Mesh) -> None:
        placed = mesh.in_patch()
        low, high = placed[:FACE].min(axis=0), placed[:FACE].max(axis=0)
        corner = (low + high) / 2 - SIDE / 2
        self._picture = _blurred(cv2.warpAffine(mesh.patch, _moved(corner), (SIDE, SIDE), borderMode=_EDGE))
        self._points = floats(placed - corner)
        self._unit = eye_distance(self._points)
        outline = self._points[list(OVAL)]
        middle = outline.mean(axis=0)
        mask = np.zeros((SIDE, SIDE), np.uint8)
        cv2.fillConvexPoly(mask, (middle + (outline - middle) * _INSIDE).astype(np.int32), 1)
        self._face = mask > 0
        self._where = self._textured()
        plain = _plain(self._where)
        self._bases = polynomials(plain, _DEGREE)
        self.sheet = Sheet(plain)
        depth = mesh.points[:, 2] / eye_distance(mesh.points)
        self.relief = Relief(self._where, plain, self._points, depth, self._bases)
        across, down = (cv2.Sobel(self._picture, cv2.CV_32F, dx, dy, scale=1 / 8) for dx, dy in ((1, 0), (0, 1)))
        self._edges = across**2 + down**2
        self._eyes = [self._region(self._points[iris], 0.33, 0.2) for iris in (RIGHT_IRIS, LEFT_IRIS)]
        self._mouth = self._region(self._points[list(LIPS)].mean(axis=0), 0.45, 0.3)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def lay_over(self, mesh: Mesh) -> Motion | None:
        """The frame's motion, or None where its face can't be laid over this one."""
        warp = _homography(mesh.in_patch()[:FACE], self._points[:FACE])
        laid = self._picture
        step: Floats | None = None
        flow = np.zeros_like(self._where)
        for _ in range(_ROUNDS):
            if warp is None:
                return None
            laid = _blurred(cv2.warpPerspective(mesh.patch, warp, (SIDE, SIDE), borderMode=_EDGE))
            flow = self._flow_to(laid)
            step = _homography(self._where, self._where + flow, cv2.RANSAC)
            if step is None:
                return None
            if float(np.abs(_through(step, self._where) - self._where).mean()) < _CONVERGED:
                break
            warp = floats(np.linalg.inv(step) @ warp)
        if step is None or _correlation(self._picture[self._face], laid[self._face]) < _ALIKE:
            return None
        bent = self._where + flow - _through(step, self._where)
        smooth, alive = _robust_fit(self._bases, flow)
        eyes, mouth = self._changes(laid, smooth)
        return Motion(floats(bent / self._unit), floats(alive / self._unit), eyes, mouth)

    def _textured(self) -> Floats:
        """Grid points inside the face where there is something to follow."""
        ys, xs = np.mgrid[_GRID : SIDE - _GRID : _GRID, _GRID : SIDE - _GRID : _GRID]
        inside = self._face[ys, xs]
        ys, xs = ys[inside], xs[inside]
        texture = cv2.blur(cv2.cornerMinEigenVal(self._picture, 5), (5, 5))[ys, xs]
        kept = texture >= np.quantile(texture, 1 - _TEXTURED)
        return floats(np.stack([xs[kept], ys[kept]], axis=1))

    def _region(self, centre: Floats, across: float, down: float) -> tuple[slice, slice]:
        """Rows and columns around a point; half sizes in eye distances."""
        (x, y), wide, high = centre, across * self._unit, down * self._unit
        return slice(max(0, int(y - high)), int(y + high) + 1), slice(max(0, int(x - wide)), int(x + wide) + 1)

    def _flow_to(self, laid: Picture) -> Floats:
        flow = self._flow.calc(self._picture, laid, np.zeros((SIDE, SIDE, 2), np.float32))
        columns, rows = self._where.astype(int).T
        return floats(flow[rows, columns])

    def _changes(self, laid: Picture, smooth: Floats) -> tuple[tuple[float, float], tuple[float, float]]:
        place = _EVERYWHERE + (_EVERYWHERE_BASES @ smooth).reshape(SIDE, SIDE, 2)
        columns, rows = floats(place[..., 0]), floats(place[..., 1])
        there = floats(cv2.remap(laid, columns, rows, cv2.INTER_LINEAR, borderMode=_EDGE))
        here = self._picture.astype(np.float32)
        apart = here - _brightness_of(there, here, self._face)
        noise = 1.48 * float(np.median(np.abs(apart[self._face] - np.median(apart[self._face]))))
        eyes = [self._change(apart, here, region, noise) for region in self._eyes]
        return (min(each[0] for each in eyes), min(each[1] for each in eyes)), self._change(
            apart, here, self._mouth, noise
        )

    def _change(self, apart: Floats, here: Floats, region: tuple[slice, slice], noise: float) -> tuple[float, float]:
        """Within the outline alone: beside a mouth or an eye that is turned away there is background, which moves."""
        inside = self._face[region]
        if not inside.any():
            return 0.0, 0.0
        difference = apart[region][inside]
        energy = float(((difference - np.median(difference)) ** 2).mean())
        explained = noise**2 + _SUBPIXEL**2 * float(self._edges[region][inside].mean()) + 0.5
        return (energy / (float(here[region][inside].var()) + 4)) ** 0.5, (energy / explained) ** 0.5


_EDGE = cv2.BORDER_REPLICATE


def _moved(corner: Floats) -> Floats:
    return np.array([[1, 0, -corner[0]], [0, 1, -corner[1]]], np.float32)


def _blurred(picture: NDArray[Any]) -> Picture:
    return cv2.GaussianBlur(picture, (0, 0), _BLUR).astype(np.uint8, copy=False)


def _homography(source: Floats, target: Floats, method: int = 0) -> Floats | None:
    matrix: Floats | None = cv2.findHomography(source, target, method, _INLIER)[0]  # type: ignore[assignment]  # None where there is none
    return matrix


def _through(homography: Floats, points: Floats) -> Floats:
    return floats(cv2.perspectiveTransform(points[None], homography)[0])


def _brightness_of(there: Floats, here: Floats, face: NDArray[np.bool_]) -> Floats:
    """`there` with the gain and lift that make its face most like that of `here`."""
    x, y = there[face], here[face]
    gain = float(((x - x.mean()) * (y - y.mean())).mean()) / (float(x.var()) + 1e-6)
    return floats((there - x.mean()) * gain + y.mean())


def _correlation(a: Picture, b: Picture) -> float:
    x, y = a.astype(np.float32) - a.mean(), b.astype(np.float32) - b.mean()
    return float((x @ y) / (np.sqrt((x @ x) * (y @ y)) + 1e-6))


_DEGREE = 3
"""Of the smooth warp: ten terms, a bow and an S both ways."""


def _plain(where: Floats) -> Floats:
    """The reference's pixels from its middle, in halves of a face."""
    return floats((where - SIDE / 2) / (PATCH_FACE / 2))


_EVERYWHERE = floats(np.stack(np.meshgrid(np.arange(SIDE), np.arange(SIDE)), axis=-1))
_EVERYWHERE_BASES = polynomials(_plain(_EVERYWHERE.reshape(-1, 2)), _DEGREE)


def _robust_fit(bases: Floats, flow: Floats) -> tuple[Floats, Floats]:
    """Coefficients (10, 2) of the smooth warp that most points follow, and what it leaves (n, 2)."""
    weights = np.ones((len(flow), 1), np.float32)
    coefficients, left = np.zeros((bases.shape[1], 2), np.float32), flow
    for _ in range(4):
        coefficients = np.linalg.lstsq(bases * weights, flow * weights, rcond=None)[0]
        left = flow - bases @ coefficients
        miss = np.linalg.norm(left, axis=1, keepdims=True)
        weights = 1 / (1 + (miss / (2 * (1.48 * np.median(miss) + 0.02))) ** 2)
    return floats(coefficients), floats(left)
