"""What `face_recognition` computes, called on dlib itself: HOG detector, five points, ResNet.

Importing that package would load its 68-point model, which may not be used commercially, so it is not imported. On
East Asian faces this engine has no usable operating point (docs/faces.md): it is here to compare, and for those who
must have it; its threshold is strict and starting it warns.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_agent.errors import DeviceError
from edge_agent.faces.backend import DLIB, Identity
from edge_agent.faces.face import Box, Detection, Floats, Picture, floats

FIVE_POINTS = "shape_predictor_5_face_landmarks.dat"
RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"

_log = logging.getLogger(__name__)


class DlibBackend:
    def __init__(self, weights: Mapping[str, Path]) -> None:
        try:
            dlib: Any = import_module("dlib")
        except ImportError as error:
            raise DeviceError(
                "The dlib engine's library is not installed.", do="Install the extra: pip install 'edge_agent[dlib]'."
            ) from error
        _log.warning("dlib recognises East Asian faces badly: about 6 in 10 at 1 stranger in 1000. Prefer opencv.")
        self._dlib = dlib
        try:
            self._detector = dlib.get_frontal_face_detector()
            self._five = dlib.shape_predictor(str(weights[FIVE_POINTS]))
            self._recogniser = dlib.face_recognition_model_v1(str(weights[RECOGNISER]))
        except RuntimeError as error:
            raise DeviceError(
                f"The dlib models can't be loaded: {error}.", do="Run `edge-agent models fetch --engine dlib`."
            ) from error

    @property
    def identity(self) -> Identity:
        return DLIB

    @property
    def longest(self) -> None:
        """HOG needs 80 pixels of a face, 40 of a frame that is doubled: none can be spared."""

    def detect(self, picture: Picture, *, longest: int | None = None) -> list[Detection]:
        height, width = picture.shape[:2]
        shrink = min(1.0, longest / max(width, height)) if longest else 1.0
        small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
        rgb = cv2.cvtColor(small, cv2.COLOR_BGR2RGB).astype(np.uint8)
        found, scores, _ = self._detector.run(
            rgb, 1
        )  # doubled once, as face_recognition does, for faces under 80 pixels
        return [self._detection(rgb, rect, score, 1 / shrink) for rect, score in zip(found, scores, strict=True)]

    def _detection(self, rgb: Picture, rect: Any, score: float, back: float) -> Detection:
        shape = self._five(rgb, rect)
        # dlib's five: outer and inner corner of the person's left eye, then of the right eye, and the nose's base.
        corners = np.array([(shape.part(i).x, shape.part(i).y) for i in range(5)], np.float32)
        left, right, nose = corners[:2].mean(axis=0), corners[2:4].mean(axis=0), corners[4]
        down = nose - (left + right) / 2
        mouth = nose + 0.75 * down  # not among the five; only the quality gates look at it
        half = (left - right) / 3
        points = floats([right, left, nose, mouth - half, mouth + half]) * back
        box = Box(rect.left() * back, rect.top() * back, rect.width() * back, rect.height() * back)
        return Detection(box, points, float(min(1.0, max(0.0, 0.5 + score / 4))))

    def embed(self, picture: Picture, faces: Sequence[Detection]) -> list[Floats]:
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        found = []
        for box in (face.box for face in faces):
            rect = self._dlib.rectangle(int(box.x), int(box.y), int(box.x + box.width), int(box.y + box.height))
            found.append(floats(self._recogniser.compute_face_descriptor(rgb, self._five(rgb, rect), 1)))
        return found
