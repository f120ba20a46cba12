"""The strip below a snapshot that says what it shows: below, because a picture is evidence and stays whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np

from edge_agent.capture.keyframe import Picture

_LEAST_WIDTH = 320
_BACKGROUND, _INK = (32, 32, 32), (240, 240, 240)
_FONT = cv2.FONT_HERSHEY_SIMPLEX  # OpenCV 5 draws Chinese with it; version 4 needs another font


def add_caption(picture: Picture, lines: Sequence[str]) -> Picture:
    """Give the picture with a strip of `lines` below; a line that is too long is drawn smaller, never cut."""
    width = max(picture.shape[1], _LEAST_WIDTH)
    size = max(16, width // 50)  # pixels of a line
    strip = np.full((int(size * 1.6) * len(lines) + size // 2, picture.shape[1], 3), _BACKGROUND, np.uint8)
    for number, line in enumerate(lines, start=1):
        _draw(strip, line, int(size * 1.6) * number - size // 4, size)
    return cast("Picture", np.vstack([picture, strip]))


def _draw(strip: Picture, line: str, bottom: int, size: int) -> None:
    margin = size // 2
    scale = size / 30
    (needed, _), _ = cv2.getTextSize(line, _FONT, scale, 1)
    scale *= min(1.0, (strip.shape[1] - 2 * margin) / max(1, needed))
    cv2.putText(strip, line, (margin, bottom), _FONT, scale, _INK, 1, cv2.LINE_AA)
