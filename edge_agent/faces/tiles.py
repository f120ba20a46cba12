"""A large picture cut into tiles, and the faces of all of them put together again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from edge_agent.faces.face import Box

LARGEST = 704
"""Pixels of a tile's side: whole, 1080p would take 190 MB more, and miss the back row."""
OVERLAP = 96
"""Pixels: a face on a seam that is larger is seen from both sides, and put together."""
_STRIDE = 32
"""YuNet fills its input up to whole strides: a tile of them wastes nothing."""


@dataclass(frozen=True, slots=True)
class Tile:
    left: int
    top: int
    width: int
    height: int

    def place(self, box: Box) -> Box:
        """A box found in the tile, in the picture's pixels."""
        return replace(box, x=box.x + self.left, y=box.y + self.top)


def tiles_of(width: int, height: int) -> list[Tile]:
    """Tiles that cover a picture: as few as there must be, each no larger than that needs."""
    wide, high = _side(width), _side(height)
    return [Tile(left, top, wide, high) for top in _starts(height, high) for left in _starts(width, wide)]


def without_twins(boxes: Sequence[Box]) -> list[int]:
    """Which boxes are faces of their own: one on a seam is found twice, perhaps cut.

    Of boxes that share half the smaller one, the larger stays.
    """
    kept: list[int] = []
    for i in sorted(range(len(boxes)), key=lambda each: -boxes[each].area):
        if all(_shared(boxes[i], boxes[other]) < boxes[i].area / 2 for other in kept):
            kept.append(i)
    return kept


def _count(length: int, side: int) -> int:
    return ceil((length - OVERLAP) / (side - OVERLAP))


def _side(length: int) -> int:
    if length <= LARGEST:
        return length
    count = _count(length, LARGEST)
    return ceil((length + (count - 1) * OVERLAP) / count / _STRIDE) * _STRIDE


def _starts(length: int, side: int) -> Sequence[int]:
    if length <= side:
        return (0,)
    count = _count(length, side)
    return [round(i * (length - side) / (count - 1)) for i in range(count)]


def _shared(a: Box, b: Box) -> float:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return max(0.0, across) * max(0.0, down)
