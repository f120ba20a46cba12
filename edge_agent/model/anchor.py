"""Corrected time, computed beside the raw one.

An anchor says what the time was at one moment of a boot; the boot clock carries it to every other moment of that boot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.model.stamp import Stamp, Trust

DRIFT_PPM = 100.0
"""How far a boot clock may run from true time: the crystal's 50 ppm with room for heat and age."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """True time `wall` at `boottime` of `boot_id`, right within `max_error` seconds."""

    boot_id: str
    boottime: float
    wall: datetime
    max_error: float


@dataclass(frozen=True, slots=True)
class Corrected:
    at: datetime
    max_error: float


def correct(stamp: Stamp, anchors: Iterable[Anchor]) -> Corrected | None:
    """Give the true time of `stamp`, or None where no anchor of its boot is known.

    A trusted stamp is its own best witness; else the anchor with the smallest resulting error decides.
    """
    if stamp.trust is not Trust.UNTRUSTED:
        return Corrected(stamp.wall, stamp.max_error)
    candidates = [
        Corrected(
            anchor.wall + timedelta(seconds=stamp.boottime - anchor.boottime),
            anchor.max_error + abs(stamp.boottime - anchor.boottime) * DRIFT_PPM / 1e6,
        )
        for anchor in anchors
        if anchor.boot_id == stamp.boot_id
    ]
    return min(candidates, key=lambda corrected: corrected.max_error, default=None)
