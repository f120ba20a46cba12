"""A visit to the desk, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge_agent.model.kinds.attendance import Method, Recognition
from edge_agent.model.stamp import Stamp


class Said(StrEnum):
    """What a visit did: `rules.attendance.Outcome`, and what only a desk can say."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    HELD = "held"
    ALREADY_SIGNED_IN = "already_signed_in"
    ALREADY_SIGNED_OUT = "already_signed_out"
    NOT_SIGNED_IN = "not_signed_in"
    TOO_LATE = "too_late"
    OUTSIDE = "outside"
    PROVISIONAL = "provisional"
    """Kept, to be judged when the time is known (已记录，待核定)."""
    NO_LESSON = "no_lesson"
    """None of the person's classes is running."""

    @property
    def counts(self) -> bool:
        return self in {Said.SIGNED_IN, Said.SIGNED_OUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Someone came to the desk at `stamp`.

    `id` is unique to the visit: the same id again is the same visit, answered again and not recorded again. `room` and
    `kiosk` are where it was; `by` is the operator of a tap by hand, who gives a `reason`.
    """

    id: str
    stamp: Stamp
    method: Method
    room: str = ""
    kiosk: str = ""
    by: str = ""
    reason: str = ""
    recognition: Recognition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One thing that a visit did. `until` is when sign-out opens, where the person must wait for it.

    `trainee` is the person's row in the class that was asked.
    """

    said: Said
    trainee: str
    class_id: str = ""
    unit: str = ""
    lesson: str = ""
    at: datetime
    until: datetime | None = None
