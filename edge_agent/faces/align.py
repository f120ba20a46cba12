"""A face laid upright: the crop that SFace was trained on, and that light and sharpness are judged on."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.faces.face import Detection, Floats, Picture, floats

SIDE = 112
POINTS = floats([(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)])
"""Where the five points lie in the crop (ArcFace's, as `cv2.FaceRecognizerSF` has them)."""


def lay_upright(picture: Picture, face: Detection) -> Picture:
    """The face in a picture of 112x112."""
    return cv2.warpAffine(picture, _similarity(face.points), (SIDE, SIDE)).astype(np.uint8, copy=False)


def _similarity(points: Floats) -> Floats:
    """The turn, scale and shift (2, 3) that bring the five points nearest to `POINTS` by least squares."""
    origin, target = points.mean(axis=0), POINTS.mean(axis=0)
    here, there = points - origin, POINTS - target
    spread = max(float((here**2).sum()), 1e-6)
    cosine = float((here * there).sum()) / spread
    sine = float((here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]).sum()) / spread
    turn = np.array([[cosine, -sine], [sine, cosine]])
    return floats(np.hstack([turn, (target - turn @ origin)[:, None]]))
