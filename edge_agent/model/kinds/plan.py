"""Classes, rosters, timetables and policies: what should happen, and who changed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

Owner = Literal["centre", "venue"]
FinalVerdict = Literal["complete", "partial", "missing", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSaved:
    """A class was created or changed. Its name is no person's, so it stands here; a draft's dates may be unknown."""

    KIND: ClassVar = "class.saved"
    class_id: str
    code: str
    name: str
    category: str
    opens: date | None
    closes: date | None
    required_periods: int
    online_required: int
    policy: str
    owner: Owner
    revision: int
    size_exception: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassStateChanged:
    """提交开班审核, approval, 立即开班, closing, soft deletion. `warnings` were ticked by the operator."""

    KIND: ClassVar = "class.state"
    class_id: str
    state: Literal["draft", "submitted", "approved", "closed", "deleted"]
    revision: int
    opened_by_hand: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterSaved:
    """A version of a class's roster. `commitments` is the Merkle root over the salted rows of the document."""

    KIND: ClassVar = "roster.saved"
    class_id: str
    document: str
    sha256: str
    commitments: str
    trainees: tuple[str, ...]
    owner: Owner
    revision: int
    confirmed: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraineeNotified:
    """一键通知学员: the centre sends the message, this says for whom it was asked."""

    KIND: ClassVar = "roster.notified"
    class_id: str
    trainees: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSaved:
    """A lesson as of `revision`: added, moved, ended early (提前下课), overrun, given other cameras or teacher."""

    KIND: ClassVar = "lesson.saved"
    lesson: str
    class_id: str
    date: date
    start: str
    periods: int
    break_minutes: int
    room: str
    subject: str
    teacher: str
    subgroup: str
    cameras: tuple[str, ...]
    lesson_kind: Literal["normal", "opening", "exam"]
    end: str | None
    owner: Owner
    revision: int
    change: Literal["added", "moved", "ended_early", "overrun", "cameras", "teacher", "edited"]
    reason: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonCancelled:
    KIND: ClassVar = "lesson.cancelled"
    lesson: str
    class_id: str
    reason: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableImported:
    KIND: ClassVar = "timetable.imported"
    class_id: str
    sha256: str
    lessons: tuple[str, ...]
    owner: Owner
    revision: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherSubstituted:
    """代课: from the district's list, or `confirmed=False` (待区县确认)."""

    KIND: ClassVar = "lesson.substituted"
    lesson: str
    teacher: str
    replaces: str
    reason: str
    confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachersSaved:
    """The cached district list of instructors, as of `revision`."""

    KIND: ClassVar = "teachers.saved"
    sha256: str
    teachers: tuple[str, ...]
    owner: Owner
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineHoursImported:
    KIND: ClassVar = "online.imported"
    class_id: str
    sha256: str
    trainees: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLoaded:
    """From now on this policy judges; every fact names its `id@sha256`."""

    KIND: ClassVar = "policy.loaded"
    policy: str
    sha256: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSaved:
    KIND: ClassVar = "room.saved"
    room: str
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EditConfirmed:
    """The centre confirmed, or refused, an edit made at the venue (待中心确认)."""

    KIND: ClassVar = "edit.confirmed"
    document: Literal["class", "roster", "lesson", "teacher"]
    id: str
    revision: int
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictGiven:
    """A lesson's verdict when it changed; `reasons` are codes of `rules/verdict.py`."""

    KIND: ClassVar = "verdict.given"
    lesson: str
    class_id: str
    verdict: FinalVerdict
    reasons: tuple[str, ...]
    at: datetime


PAYLOADS = (
    ClassSaved,
    ClassStateChanged,
    RosterSaved,
    TraineeNotified,
    LessonSaved,
    LessonCancelled,
    TimetableImported,
    TeacherSubstituted,
    TeachersSaved,
    OnlineHoursImported,
    PolicyLoaded,
    RoomSaved,
    EditConfirmed,
    VerdictGiven,
)
