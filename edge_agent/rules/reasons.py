"""Why a verdict is what it is, and what can still be done: codes with parameters.

The texts stand in the catalogues of the pages and of the package, by code; nothing here is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Code(StrEnum):
    """Each code's parameters stand behind it; `start`, `end` and `until` are moments."""

    # a lesson and its periods
    CANCELLED = "cancelled"  # reason
    ENDED_EARLY = "ended_early"  # at
    NO_CAMERA = "no_camera"
    NOT_RECORDED = "not_recorded"  # cause
    GAP = "gap"  # start, end, cause
    CAMERA_INCOMPLETE = "camera_incomplete"  # camera, seconds
    SNAPSHOT_MISSED = "snapshot_missed"  # slot, kind, period (0: the lesson)
    NOBODY_SIGNED_IN = "nobody_signed_in"  # unit
    NOT_SIGNED_OUT = "not_signed_out"  # unit, count
    # a trainee
    UNIT_LOST = "unit_lost"  # unit, periods: never signed in
    UNIT_OPEN = "unit_open"  # unit, periods: signed in, never out
    CREDIT_SHORT = "credit_short"  # credited, needed, possible
    ONLINE_SHORT = "online_short"  # credited, needed
    STRICT_READING = "strict_reading"  # credited, strict: the pair limit read as raw minutes
    # a class
    CLASS_TOO_LARGE = "class_too_large"  # trainees, most
    TEACHERS_FEW = "teachers_few"  # teachers, needed
    FULL_TIME_FEW = "full_time_few"  # teachers, needed
    TEACHER_UNCONFIRMED = "teacher_unconfirmed"  # teacher
    ONLINE_SHARE = "online_share"  # percent, least, most
    SUBMITTED_LATE = "submitted_late"  # days, lead
    TIMETABLE_SHORT = "timetable_short"  # planned, required


class Remedy(StrEnum):
    ASSOCIATE_CAMERA = "associate_camera"
    CHECK_CAMERA = "check_camera"
    DRAW_FROM_RECORDING = "draw_from_recording"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    FILE_SUPPLEMENT = "file_supplement"
    FILE_EXPLANATION = "file_explanation"
    ADD_LESSONS = "add_lessons"
    NAME_EXCEPTION = "name_exception"
    ADD_TEACHER = "add_teacher"


NOTICES = frozenset(
    {Code.CANCELLED, Code.ENDED_EARLY, Code.CAMERA_INCOMPLETE, Code.NOT_SIGNED_OUT, Code.STRICT_READING}
)
"""Codes that are said but make nothing incomplete."""


Params = Mapping[str, str | int | float | date | datetime]


@dataclass(frozen=True, slots=True)
class Reason:
    """`until` is when the remedy's chance ends, None where it has no end."""

    code: Code
    params: Params = field(default_factory=dict)
    remedy: Remedy | None = None
    until: datetime | None = None

    @property
    def is_fault(self) -> bool:
        return self.code not in NOTICES
