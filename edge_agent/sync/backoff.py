"""Pauses between attempts."""

from __future__ import annotations

import random

FIRST, LONGEST = 1.0, 120.0


class Backoff:
    """Doubles up to `longest` seconds, with jitter: a thousand venues must not come back in the same second."""

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self._first, self._longest = first, longest
        self._failures = 0

    def pause(self) -> float:
        """Give the seconds to wait after one more failure."""
        ceiling = min(self._first * 2**self._failures, self._longest)
        self._failures = min(self._failures + 1, 30)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing

    def succeeded(self) -> None:
        self._failures = 0
