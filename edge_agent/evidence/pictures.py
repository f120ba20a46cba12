"""Whether two snapshots are one frame: an eighth of their size is enough to tell, and quick to decode."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageChops, UnidentifiedImageError

Look = Callable[[str], "Image.Image | None"]
"""Gives a snapshot by its media id, small and grey; None where the file is gone or no picture."""

SAME = 2
"""Grey levels of 255 by which the mean of an 8 x 8 block may differ in one frame that was encoded twice. Somebody who
moves a hand, or a clock in the picture, changes some block by far more."""

_CAPTION = 0.15  # the share of the height in which the caption strip lies: it tells the time, so it always differs
_EIGHTH = 8
_KEPT = 512


def opener(locate: Callable[[str], Path | None]) -> Look:
    """Give a `Look` that keeps what it decoded; `locate` says where a medium's file is."""

    @lru_cache(_KEPT)
    def look(media: str) -> Image.Image | None:
        path = locate(media)
        return None if path is None else shrink(path)

    return look


def shrink(path: Path) -> Image.Image | None:
    """Decode a JPEG at an eighth of its size (its blocks' means), grey, without the caption strip."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            picture.draft("L", (max(1, width // _EIGHTH), max(1, height // _EIGHTH)))
            small = picture.convert("L")
    except (OSError, UnidentifiedImageError):
        return None
    return small.crop((0, 0, small.width, round(small.height * (1 - _CAPTION))))


def is_same_frame(one: Image.Image | None, other: Image.Image | None) -> bool:
    """Unknown is not the same: of a picture that is gone nothing can be said."""
    if one is None or other is None or one.size != other.size:
        return False
    return not any(ImageChops.difference(one, other).histogram()[SAME + 1 :])
