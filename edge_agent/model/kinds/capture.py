"""Cameras, recordings, gaps and snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraBound:
    KIND: ClassVar = "camera.bound"
    camera: str
    room: str
    source: Literal["onvif", "rtsp", "usb", "csi"]
    name: str
    serial: str = ""
    maker: str = ""
    model: str = ""
    codec: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraUnbound:
    KIND: ClassVar = "camera.unbound"
    camera: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChanged:
    """A new address, name, room or profile; `what` names the fields, values only where they are no secret."""

    KIND: ClassVar = "camera.changed"
    camera: str
    what: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAssociated:
    """关联设备: the cameras of a lesson, as of now (RULES, reading 8: also after its start)."""

    KIND: ClassVar = "camera.associated"
    lesson: str
    cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStateChanged:
    KIND: ClassVar = "camera.state"
    camera: str
    state: Literal["unknown", "online", "offline", "refused", "locked"]
    at: datetime
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPicture:
    """A judgement of a keyframe: a lens cap or a frozen picture is said the same day."""

    KIND: ClassVar = "camera.picture"
    camera: str
    judgement: Literal["ok", "black", "frozen", "covered"]
    at: datetime
    lesson: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraClock:
    """The camera's clock minus ours, in seconds, and whether it was set right."""

    KIND: ClassVar = "camera.clock"
    camera: str
    skew: float
    corrected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraChecked:
    """课前自检: a room's camera, an hour and half an hour before its lesson."""

    KIND: ClassVar = "camera.checked"
    camera: str
    lesson: str
    minutes_before: int
    ok: bool
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    KIND: ClassVar = "recording.started"
    lesson: str
    camera: str
    at: datetime
    trigger: Literal["plan", "hand", "untrusted_clock", "association", "restart", "return"]
    stream: Literal["main", "sub"] = "main"
    late_by: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStopped:
    KIND: ClassVar = "recording.stopped"
    lesson: str
    camera: str
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRequested:
    """By hand (录制, 批量录制), an extension, or a stop; every plan reads it."""

    KIND: ClassVar = "recording.requested"
    lesson: str
    camera: str
    action: Literal["start", "stop", "extend"]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClosed:
    """A complete piece of video. `start` and `end` come from its packets' times, never from the container's header."""

    KIND: ClassVar = "segment.closed"
    media: str
    camera: str
    lessons: tuple[str, ...]
    start: datetime
    end: datetime
    sha256: str
    size: int
    codec: str
    width: int
    height: int
    stream: Literal["main", "sub"] = "main"
    audio: bool = False
    torn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDated:
    """When a segment of an untrusted clock really was, and what lessons it shows; `before` is where it was filed."""

    KIND: ClassVar = "segment.dated"
    media: str
    camera: str
    lessons: tuple[str, ...]
    before: tuple[str, ...]
    start: datetime
    end: datetime
    size: int
    max_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapOpened:
    """Nothing is recorded since `start`. Told once more, with the same `start`, where the cause becomes known later."""

    KIND: ClassVar = "gap.opened"
    camera: str
    lesson: str
    start: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GapClosed:
    KIND: ClassVar = "gap.closed"
    camera: str
    lesson: str
    start: datetime
    end: datetime
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTaken:
    """A picture inside its slot's window. `source` says live frame or frame of our own recording."""

    KIND: ClassVar = "snapshot.taken"
    slot: str
    lesson: str
    period: int | None
    slot_kind: Literal["opening", "middle", "closing"]
    camera: str
    at: datetime
    source: Literal["live", "recording"]
    media: str
    sha256: str
    size: int
    phash: str = ""
    heads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotByHand:
    """A picture that a person or the centre asked for; it fills no slot."""

    KIND: ClassVar = "snapshot.by_hand"
    lesson: str
    camera: str
    at: datetime
    media: str
    sha256: str
    size: int
    phash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotMissed:
    KIND: ClassVar = "snapshot.missed"
    slot: str
    lesson: str
    period: int | None
    slot_kind: Literal["opening", "middle", "closing", "clip"]
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotVoided:
    """The lesson was cancelled or ended before the slot: void with a reason, never missing."""

    KIND: ClassVar = "snapshot.voided"
    slot: str
    lesson: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipKept:
    """A random clip of the 3+2 policy, cut from the recording."""

    KIND: ClassVar = "clip.kept"
    slot: str
    lesson: str
    camera: str
    start: datetime
    end: datetime
    media: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsCounted:
    KIND: ClassVar = "snapshot.heads"
    media: str
    lesson: str
    heads: int
    engine: str


PAYLOADS = (
    CameraBound,
    CameraUnbound,
    CameraChanged,
    CameraAssociated,
    CameraStateChanged,
    CameraPicture,
    CameraClock,
    CameraChecked,
    RecordingStarted,
    RecordingStopped,
    RecordingRequested,
    SegmentClosed,
    SegmentDated,
    GapOpened,
    GapClosed,
    SnapshotTaken,
    SnapshotByHand,
    SnapshotMissed,
    SlotVoided,
    ClipKept,
    HeadsCounted,
)
