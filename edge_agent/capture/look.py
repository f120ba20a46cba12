"""What a picture is worth: black, covered or frozen is said the same day, not found in the archive."""

from __future__ import annotations

from typing import Literal, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.capture.keyframe import Picture

Judgement = Literal["ok", "black", "frozen", "covered"]
Thumb = NDArray[np.uint8]

_SIZE = (160, 90)
_BLACK = 24.0  # mean brightness of 255; a dark room behind drawn curtains has 30 and more
_FLAT = 7.0  # standard deviation of brightness; a lens cap or a hand has 1 to 5, an empty white wall with its edges 15
_SAME = 0.02  # mean difference of two thumbs; sensor noise alone makes 0.1 and more
_LOOKS = 3  # identical looks, a minute apart, until a picture is called frozen


class Eye:
    """Looks at one camera's pictures, some time apart."""

    def __init__(self) -> None:
        self._last: Thumb | None = None
        self._same = 0

    def judge(self, picture: Picture) -> Judgement:
        thumb = _thumb(picture)
        last, self._last = self._last, thumb
        alike = last is not None and float(np.mean(cv2.absdiff(thumb, last))) <= _SAME
        self._same = self._same + 1 if alike else 0
        flat = judge_flat(thumb)
        if flat != "ok":
            return flat
        return "frozen" if self._same >= _LOOKS - 1 else "ok"


def judge_flat(picture: Picture | Thumb) -> Literal["ok", "black", "covered"]:
    """Judge one picture by itself."""
    thumb = _thumb(picture)
    if float(thumb.std()) >= _FLAT:
        return "ok"
    return "black" if float(thumb.mean()) < _BLACK else "covered"


def difference_hash(picture: Picture) -> str:
    """Give 64 bits in hex that equal pictures share, whatever their size and compression."""
    small = cv2.resize(_gray(picture), (9, 8), interpolation=cv2.INTER_AREA)
    bits = np.packbits(small[:, 1:] > small[:, :-1])
    return bits.tobytes().hex()


def _thumb(picture: Picture | Thumb) -> Thumb:
    gray = _gray(picture)
    if gray.shape[:2] == _SIZE[::-1]:
        return gray
    return cast("Thumb", cv2.resize(gray, _SIZE, interpolation=cv2.INTER_AREA))


def _gray(picture: Picture | Thumb) -> Thumb:
    return picture if picture.ndim == 2 else cast("Thumb", cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))  # noqa: PLR2004 - rows and columns
