"""What a download or a clip is joined of. Apart from `join.py`, which loads the libraries of a player."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Piece:
    """A segment, or a part of it: from the keyframe at or before `start` to `end`, in seconds of the file."""

    path: Path
    start: float = 0.0
    end: float = float("inf")
