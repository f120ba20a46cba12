"""The disk guard: what still fits, what gives way, and for how many teaching days it will do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

MB = 1 << 20


class Level(IntEnum):
    """What the free space still allows, best first. Check-in goes on at every level."""

    ALL = 0
    SUBSTREAM = 1
    SNAPSHOTS = 2
    CHECKIN = 3


@dataclass(frozen=True, slots=True)
class Reserves:
    """Bytes kept free for check-in and for snapshots, and the mark below which the substream is recorded."""

    checkin: int
    snapshot: int
    substream: int


def level(free: int, reserves: Reserves) -> Level:
    """Give what may be written with `free` bytes on the media disk."""
    if free <= reserves.checkin:
        return Level.CHECKIN
    if free <= reserves.checkin + reserves.snapshot:
        return Level.SNAPSHOTS
    if free <= reserves.substream:
        return Level.SUBSTREAM
    return Level.ALL


@dataclass(frozen=True, slots=True)
class Forecast:
    """`lessons` more lessons fit; `full_on` is the teaching day on which the disk is full, if within the horizon."""

    lessons: int
    full_on: date | None


NOTHING_PLANNED = Forecast(0, None)
"""Says nothing of the disk."""


def forecast(
    available: int, planned: Mapping[date, Sequence[float]], bytes_per_second: float, *, days: int
) -> Forecast:
    """Say what fits into `available` bytes.

    `planned` gives the camera seconds of each lesson by date, from today on; `days` is how many teaching days count.
    `bytes_per_second` is a camera's rate as measured on this device.
    """
    fitting, left, full_on = 0, float(available), None
    for day in sorted(planned)[:days]:
        for seconds in planned[day]:
            left -= seconds * bytes_per_second
            if left < 0 and full_on is None:
                full_on = day
            if full_on is None:
                fitting += 1
    return Forecast(fitting, full_on)
