"""YuNet finds faces and SFace tells them apart, both on OpenCV's dnn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from edge_agent.errors import DeviceError
from edge_agent.faces.align import lay_upright
from edge_agent.faces.backend import OPENCV, Identity
from edge_agent.faces.face import Box, Detection, Floats, Picture, floats

DETECTOR = "face_detection_yunet_2023mar.onnx"
RECOGNISER = "face_recognition_sface_2021dec.onnx"

MIN_SCORE = 0.6
"""Of 211 frames of people before a webcam the least is 0.88; the rest is for back rows and shadow."""
_OVERLAP = 0.3
"""OpenCV's own: of two boxes that share more than this one goes."""
LONGEST = 320
"""A face of 50 pixels in a frame of 1280 still has 12; YuNet needs 10."""
_MOST = 200
"""Faces in a picture: more than any classroom has."""
_TOGETHER = 10
"""Faces in one pass of SFace: a third less time each than one by one, and 30 MB."""


class OpenCVBackend:
    def __init__(self, weights: Mapping[str, Path]) -> None:
        try:
            self._detector = cv2.FaceDetectorYN.create(
                str(weights[DETECTOR]), "", (320, 320), MIN_SCORE, _OVERLAP, _MOST
            )
            self._recogniser = cv2.dnn.readNetFromONNX(str(weights[RECOGNISER]))
        except cv2.error as error:
            raise DeviceError(
                f"The face models can't be loaded: {error.err}.", do="Run `edge-agent models fetch`."
            ) from error

    @property
    def identity(self) -> Identity:
        return OPENCV

    @property
    def longest(self) -> int:
        return LONGEST

    def detect(self, picture: Picture, *, longest: int | None = None) -> list[Detection]:
        height, width = picture.shape[:2]
        shrink = min(1.0, longest / max(width, height)) if longest else 1.0
        size = max(1, round(width * shrink)), max(1, round(height * shrink))
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if shrink < 1 else picture
        self._detector.setInputSize(size)
        rows: Floats | None = self._detector.detect(small)[1]  # type: ignore[assignment]  # None where nobody is
        if rows is None:
            return []
        back = np.array([width / size[0], height / size[1]], np.float32)
        return [_detection(row, back) for row in rows]

    def embed(self, picture: Picture, faces: Sequence[Detection]) -> list[Floats]:
        found: list[Floats] = []
        for start in range(0, len(faces), _TOGETHER):
            upright = [lay_upright(picture, face) for face in faces[start : start + _TOGETHER]]
            self._recogniser.setInput(cv2.dnn.blobFromImages(upright, swapRB=True))
            found += list(floats(self._recogniser.forward()).copy())
        return found


def _detection(row: Floats, back: Floats) -> Detection:
    (x, y), (width, height) = row[:2] * back, row[2:4] * back
    box = Box(float(x), float(y), float(width), float(height))
    return Detection(box, floats(row[4:14].reshape(5, 2) * back), float(row[14]))
