"""Pauses between attempts: short while an outage is young, so that it heals soon; longer once it lasts."""

from __future__ import annotations

import random

FIRST = 0.5
QUICK, QUICK_SECONDS = 8.0, 300.0
"""The longest pause of an outage's first five minutes: ten thousand venues are then 1,700 attempts a second, each of
which a broker that is down refuses with one packet."""

LONGEST = 60.0


class Backoff:
    """Doubles with each failure, with jitter: a thousand venues must not come back in the same second."""

    def __init__(self) -> None:
        self._failures = 0
        self._began: float | None = None

    def pause(self, now: float) -> float:
        """Give the seconds to wait after one more failure; `now` is boot time."""
        if self._began is None:
            self._began = now
        longest = QUICK if now - self._began < QUICK_SECONDS else LONGEST
        ceiling = min(FIRST * 2**self._failures, longest)
        self._failures = min(self._failures + 1, 30)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing

    def succeeded(self) -> None:
        self._failures, self._began = 0, None
