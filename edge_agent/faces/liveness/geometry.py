"""Measures on the landmarker's mesh. Indices are MediaPipe's; right and left are the person's own."""

from __future__ import annotations

import numpy as np

from edge_agent.faces.face import Floats, floats

FACE = 468
"""Points of the face itself; the ten after them are the irises."""
RIGHT_IRIS, LEFT_IRIS = 468, 473
RIGHT_EYE = (33, 160, 158, 133, 153, 144)
LEFT_EYE = (362, 385, 387, 263, 373, 380)
NOSE = 1
LIPS = (13, 14)
MOUTH_CORNERS = (61, 291)
# fmt: off
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on


def eye_distance(points: Floats) -> float:
    """Between the irises, in the points' unit: the unit of all lengths of a face."""
    return max(float(np.linalg.norm(points[LEFT_IRIS, :2] - points[RIGHT_IRIS, :2])), 1e-6)


def eye_openness(points: Floats) -> float:
    """The eye aspect ratio (height over width), mean of both eyes: about 0.3 open, under 0.1 closed."""
    return (_aspect(points[list(RIGHT_EYE), :2]) + _aspect(points[list(LEFT_EYE), :2])) / 2


def _aspect(eye: Floats) -> float:
    height = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4]))
    return height / (2 * max(float(np.linalg.norm(eye[0] - eye[3])), 1e-6))


def turn(points: Floats) -> tuple[float, float]:
    """Where the nose stands: along the line of the eyes (0 in its middle, 1 an eye distance on), and down to the mouth.

    These are ratios along a line: a flat picture keeps them, up to perspective, however it is held; a head that turns
    or nods doesn't.
    """
    right, left, nose = points[RIGHT_IRIS, :2], points[LEFT_IRIS, :2], points[NOSE, :2]
    middle = floats((right + left) / 2)
    down = floats(points[list(MOUTH_CORNERS), :2].mean(axis=0) - middle)
    return _share(nose - middle, left - right), _share(nose - middle, down)


def _share(part: Floats, whole: Floats) -> float:
    return float(part @ whole) / max(float(whole @ whole), 1e-6)
