"""Classes, trainees and teachers: roster data, which stands beside the facts and never inside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class ClassState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CLOSED = "closed"
    DELETED = "deleted"


class Owner(StrEnum):
    """Who may overwrite a document: RULES, reading 17."""

    CENTRE = "centre"
    VENUE = "venue"


@dataclass(frozen=True, slots=True)
class TrainingClass:
    """One training course (班级).

    `code` is the centre's 培训期次ID. `required_periods` are the approved ones, the denominator of the 80 % rule,
    `online_required` those of them to be learnt online. A draft made out of a roster alone knows neither its dates
    (None) nor its periods (0); it can't be submitted so.
    """

    id: str
    code: str
    name: str
    category: str
    opens: date | None
    closes: date | None
    required_periods: int
    online_required: int = 0
    state: ClassState = ClassState.DRAFT
    policy: str = "jinan-2024"
    owner: Owner = Owner.VENUE
    revision: int = 1
    size_exception: str = ""
    opened_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Trainee:
    """One person of a roster. `id` is random; `document`, the resident id, leaves the device only in documents."""

    id: str
    class_id: str
    name: str
    document: str
    phone: str = ""
    document_type: str = "resident"
    subgroup: str = ""
    online_periods: float = 0
    certificate: str = ""
    verified: bool = False
    active: bool = True
    revision: int = 1


def may_be_recognised(rows: Iterable[Trainee]) -> bool:
    """Whether a person's card was compared (实名认证), in whichever class; everybody else is signed in by hand."""
    return any(row.verified for row in rows)


@dataclass(frozen=True, slots=True)
class Teacher:
    """One instructor of the district's list, or one whom the administrator added (待区县确认)."""

    id: str
    name: str
    full_time: bool
    phone: str = ""
    confirmed: bool = True
    classes: tuple[str, ...] = field(default=())
