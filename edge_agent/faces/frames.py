"""Frames as JPEG: what a kiosk sends, and what goes to the engine."""

from __future__ import annotations

import cv2
import numpy as np

from edge_agent.errors import InputError
from edge_agent.faces.face import Picture


def decode_frame(jpeg: bytes) -> Picture:
    """A checked frame as a blue-green-red picture; raises `InputError`."""
    try:
        picture: Picture | None = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[assignment]  # the stub forgets the depth
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
