"""Operators and what they may do; consents, identity checks and templates of trainees, by opaque id only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

Role = Literal["administrator", "instructor", "inspector", "trainee", "kiosk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSaved:
    KIND: ClassVar = "account.saved"
    account: str
    role: Role
    change: Literal["created", "changed", "disabled", "password_reset", "password_changed", "pin_set", "unlocked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    KIND: ClassVar = "session.opened"
    account: str
    role: Role
    method: Literal["password", "pin", "pairing", "first_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    KIND: ClassVar = "session.closed"
    account: str
    cause: Literal["logout", "expired", "revoked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused:
    """`locked_for` seconds is the back-off that this refusal started; a name that is no account is not kept."""

    KIND: ClassVar = "session.refused"
    account: str
    locked_for: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskPaired:
    KIND: ClassVar = "kiosk.paired"
    kiosk: str
    room: str
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAction:
    """A button that an operator pressed and that no other kind of fact tells, for the package's list of actions."""

    KIND: ClassVar = "operator.action"
    action: str
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionRecorded:
    """检查记录 of the opening or an exam day, or of a sample, signed by an inspector."""

    KIND: ClassVar = "inspection.recorded"
    class_id: str
    lesson: str
    inspector: str
    occasion: Literal["opening", "exam", "sample", "other"]
    heads: int | None
    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """One of the two separate consents; `text` is the version of the wording, `paper` a signed sheet filed."""

    KIND: ClassVar = "consent.given"
    trainee: str
    purpose: Literal["recognise", "upload"]
    text: str
    at: datetime
    paper: str = ""
    guardian: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn:
    KIND: ClassVar = "consent.withdrawn"
    trainee: str
    purpose: Literal["recognise", "upload"]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChecked:
    """实名认证: by card and face, or by a person who looked (manual review)."""

    KIND: ClassVar = "identity.checked"
    trainee: str
    method: Literal["card", "manual"]
    accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateEnrolled:
    """A face template was made or grew: how many pictures, which engine, and never the template."""

    KIND: ClassVar = "template.enrolled"
    trainee: str
    pictures: int
    sources: tuple[str, ...]
    engine: str
    resembles: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDeleted:
    KIND: ClassVar = "template.deleted"
    trainee: str
    cause: Literal["withdrawn", "class_over", "replaced", "left", "gallery_lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRegistered:
    """个人信息保护影响评估: the number under which faces are recognised; empty where recognition was ended."""

    KIND: ClassVar = "law.assessment"
    number: str


PAYLOADS = (
    AccountSaved,
    SessionOpened,
    SessionClosed,
    LoginRefused,
    KioskPaired,
    OperatorAction,
    InspectionRecorded,
    ConsentGiven,
    ConsentWithdrawn,
    IdentityChecked,
    TemplateEnrolled,
    TemplateDeleted,
    AssessmentRegistered,
)
