"""Frames as JPEG: what a kiosk sends, and what goes to the engine."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.face import Picture

_SHRUNK = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def decode_frame(jpeg: bytes, shrink: int = 1) -> Picture:
    """A checked frame as a blue-green-red picture, its sides divided by `shrink`; raises `InputError`."""
    try:
        picture: Picture | None = cv2.imdecode(np.frombuffer(jpeg, np.uint8), _SHRUNK[shrink])  # type: ignore[assignment]  # the stub forgets the depth
    except cv2.error:
        picture = None
    if picture is None:
        raise InputError("The frame can't be decoded.", do="Send frames as JPEG.")
    return picture


def encode_frame(picture: Picture, *, quality: int = 95) -> bytes:
    done, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise InputError("The picture can't be encoded.")
    return jpeg.tobytes()
