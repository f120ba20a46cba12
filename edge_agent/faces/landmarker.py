"""MediaPipe's 478 points of a face, on OpenCV's dnn: eyes, mouth and the shape in between."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from edge_agent.errors import DeviceError
from edge_agent.faces.face import Detection, Floats, Mesh, Picture, floats

LANDMARKER = "face_landmarker.task"
_MEMBER = "face_landmarks_detector.tflite"
_SIDE = 256
_CROP = 1.5
"""The network saw faces that fill two thirds of the picture, with the eyes level."""

PATCH = 160
PATCH_FACE = 100
"""Pixels of a patch, and of the face's longer side in it: both the liveness figures' resolution and their cost."""


class Landmarker:
    def __init__(self, task: Path) -> None:
        try:
            with zipfile.ZipFile(task) as archive, tempfile.NamedTemporaryFile(suffix=".tflite") as model:
                model.write(archive.read(_MEMBER))
                model.flush()
                # The classic engine: OpenCV 5.0's new one gives the first output under the second one's name too, and
                # reading from memory takes the new one whatever is asked for.
                self._net = cv2.dnn.readNetFromTFLite(model.name, cv2.dnn.ENGINE_CLASSIC)
        except (cv2.error, KeyError, OSError, zipfile.BadZipFile) as error:
            raise DeviceError(f"{task} can't be loaded: {error}.", do="Run `edge-agent models fetch`.") from error

    def mesh(self, picture: Picture, face: Detection) -> Mesh:
        upright = _upright(face)
        crop = cv2.warpAffine(picture, upright, (_SIDE, _SIDE), borderMode=cv2.BORDER_REPLICATE)
        self._net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255, (_SIDE, _SIDE), swapRB=True))
        points, presence = self._net.forward(["Identity", "Identity_1"])
        back = cv2.invertAffineTransform(upright)
        flat = points.reshape(478, 3)
        depth = flat[:, 2:] * np.sqrt(abs(np.linalg.det(back[:, :2])))
        placed = floats(np.hstack([flat[:, :2] @ back[:, :2].T + back[:, 2], depth]))
        patch, origin, scale = _patch(picture, placed)
        return Mesh(placed, float(presence.item()), patch, origin, scale)


def _upright(face: Detection) -> Floats:
    """Frame to crop: the face's box, widened, its eyes level."""
    side = max(face.box.width, face.box.height) * _CROP
    x, y = face.box.centre
    matrix = cv2.getRotationMatrix2D((x, y), face.roll, _SIDE / side)
    matrix[:, 2] += np.array([_SIDE / 2 - x, _SIDE / 2 - y])
    return floats(matrix)


def _patch(picture: Picture, points: Floats) -> tuple[Picture, tuple[float, float], float]:
    low, high = points[:468, :2].min(axis=0), points[:468, :2].max(axis=0)
    scale = PATCH_FACE / max(float((high - low).max()), 1.0)
    x, y = (low + high) / 2 - PATCH / scale / 2
    shrink = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]], np.float32)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    patch = cv2.warpAffine(picture, shrink, (PATCH, PATCH), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY).astype(np.uint8), (float(x), float(y)), scale
