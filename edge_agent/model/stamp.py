"""What a clock said, and how far it may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache


class Trust(StrEnum):
    """How much a wall time is worth.

    `synced`: the kernel reports synchronisation. `holdover`: it was synchronised earlier in this boot, or an RTC gave
    the time, and the drift since is bounded. `untrusted`: neither, so taps are provisional.
    """

    SYNCED = "synced"
    HOLDOVER = "holdover"
    UNTRUSTED = "untrusted"


@dataclass(frozen=True, slots=True)
class Stamp:
    """One reading of the clock: `wall` in UTC, `boottime` in seconds since boot, `max_error` in seconds."""

    wall: datetime
    boot_id: str
    boottime: float
    trust: Trust
    max_error: float


def instant(at: datetime) -> str:
    """Give RFC 3339 in UTC with milliseconds: the one form in which facts and messages carry time.

    Raises `ValueError` for a moment without a zone, which would be taken for one of the device's own.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return _written(at if at.tzinfo is UTC else at.astimezone(UTC))


@lru_cache(maxsize=256)
def _written(utc: datetime) -> str:
    """Kept, because a fact's own moment is mostly its stamp's, and a batch has one for all.

    UTC only: moments of another zone may be equal and yet an hour apart, where summer ends.
    """
    return utc.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"  # half the time of writing the zone
