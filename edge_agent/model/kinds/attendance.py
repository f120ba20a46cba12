"""Sign-in and sign-out, by face or by hand, and what became of the other taps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

Method = Literal["face", "manual"]
Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How a face was recognised. `engine` names weights and version; `frame` is kept only under consent."""

    engine: str
    score: float
    margin: float
    frames: int
    liveness: str
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A tap that counts. One `visit` may close a unit and open the next, as two facts."""

    KIND: ClassVar[str]
    unit: str
    class_id: str
    lesson: str
    trainee: str
    at: datetime
    method: Method
    visit: str
    kiosk: str = ""
    revision: int = 1
    reason: str = ""
    recognition: Recognition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Counted):
    """The first tap in a unit's sign-in window."""

    KIND: ClassVar[str] = "attendance.signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Counted):
    """The first tap in a unit's sign-out window by someone who signed in."""

    KIND: ClassVar[str] = "attendance.signed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A tap that earns nothing and may be asked about later; held and repeated taps are answered, not recorded."""

    KIND: ClassVar = "attendance.refused"
    outcome: Literal["too_late", "not_signed_in"]
    unit: str
    class_id: str
    trainee: str
    at: datetime
    method: Method
    visit: str
    kiosk: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisional:
    """A tap under an untrusted clock (已记录，待核定); a `Judged` names it by its `visit`."""

    KIND: ClassVar = "attendance.provisional"
    trainee: str
    class_ids: tuple[str, ...]
    at: datetime
    method: Method
    visit: str
    kiosk: str = ""
    reason: str = ""
    recognition: Recognition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a provisional tap was worth once an anchor said the time: `corrected` lies within `max_error` seconds."""

    KIND: ClassVar = "attendance.judged"
    visit: str
    trainee: str
    corrected: datetime
    max_error: float
    outcome: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatRefused:
    """A picture instead of a person was held up: no image is kept."""

    KIND: ClassVar = "attendance.flat_refused"
    kiosk: str
    at: datetime
    trainee: str = ""
    statistics: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An explanation given later: evidence, not attendance."""

    KIND: ClassVar = "attendance.explained"
    unit: str
    class_id: str
    trainee: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An attendance fact declared wrong; the fact itself stays. `names` is its `epoch/seq`."""

    KIND: ClassVar = "attendance.corrected"
    names: str
    unit: str
    class_id: str
    trainee: str
    direction: Direction
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two classes claim one trainee at the same time: RULES, reading 10."""

    KIND: ClassVar = "attendance.conflict"
    trainee: str
    units: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSnapshot:
    """The picture of the room that goes with a batch of manual taps."""

    KIND: ClassVar = "attendance.room_snapshot"
    lesson: str
    visit: str
    trainees: tuple[str, ...]
    sha256: str = ""
    cause: str = ""


PAYLOADS = (
    SignedIn,
    SignedOut,
    Refused,
    Provisional,
    Judged,
    FlatRefused,
    Explained,
    Corrected,
    Conflict,
    RoomSnapshot,
)
