"""The device itself: clock, seals, sync, storage, outages, packages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

Service = Literal["capture", "kiosk", "sync", "upkeep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStarted:
    """`clean`: its last life ended in order, or this is its first."""

    KIND: ClassVar = "service.started"
    service: Service
    version: str
    clean: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStopped:
    KIND: ClassVar = "service.stopped"
    service: Service


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochStarted:
    """The first fact of an epoch. A restored or replaced database names the head it can't continue."""

    KIND: ClassVar = "epoch.started"
    cause: Literal["first", "restored", "replaced"]
    old_epoch: int | None = None
    old_seq: int | None = None
    old_head: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAnchor:
    """What the time really was at `boottime` of `boot_id`: corrected time is computed beside the raw one.

    `offset` seconds are to be added to walls of that boot stamped before this fact; `source` may be a person's word
    (`administrator`), with the clocks of cameras and tablets as `opinions`.
    """

    KIND: ClassVar = "clock.anchor"
    boot_id: str
    boottime: float
    wall: datetime
    offset: float
    max_error: float
    source: Literal["ntp", "rtc", "administrator"]
    opinions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStepped:
    """The wall clock moved against the boot clock by `step` seconds."""

    KIND: ClassVar = "clock.stepped"
    step: float
    boot_id: str
    boottime: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTrustChanged:
    KIND: ClassVar = "clock.trust"
    trust: Literal["synced", "holdover", "untrusted"]
    max_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKey:
    """A seal key came into use, was rotated, or was lost. `public` is the Ed25519 key in hex."""

    KIND: ClassVar = "seal.key"
    public: str
    change: Literal["first", "rotated", "lost", "revoked"]
    old_public: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRoot:
    """The daily Merkle root over the SHA-256 of that day's media."""

    KIND: ClassVar = "seal.media_root"
    day: str
    files: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandReceived:
    """A command of the centre and what became of it; `id` makes it idempotent."""

    KIND: ClassVar = "command.received"
    id: str
    command: str
    result: Literal["done", "refused", "expired", "failed"]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncForked:
    """The centre holds another fact at our place; nothing was overwritten."""

    KIND: ClassVar = "sync.forked"
    epoch: int
    seq: int
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaConfirmed:
    """Files whose SHA-256 the centre, or a verified archive disk, confirmed."""

    KIND: ClassVar = "media.confirmed"
    by: Literal["centre", "archive"]
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRequested:
    KIND: ClassVar = "media.requested"
    media: tuple[str, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDeleted:
    """Retention's proof: which file, under which rule, and who (`centre`, `archive`) had confirmed its digest when."""

    KIND: ClassVar = "retention.deleted"
    media: str
    media_kind: str
    sha256: str
    size: int
    start: datetime
    rule: str
    confirmed_by: str = ""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLost:
    """A file that a row names is gone or damaged: found by `fsck`, said by name."""

    KIND: ClassVar = "media.lost"
    media: str
    sha256: str
    cause: Literal["missing", "damaged", "replaced_device"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageOpened:
    KIND: ClassVar = "outage.opened"
    what: Literal["power", "network", "broker", "centre", "disk"]
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageClosed:
    KIND: ClassVar = "outage.closed"
    what: Literal["power", "network", "broker", "centre", "disk"]
    start: datetime
    end: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRaised:
    KIND: ClassVar = "alarm.raised"
    alarm: str
    level: Literal["warning", "critical"]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared:
    KIND: ClassVar = "alarm.cleared"
    alarm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupMade:
    KIND: ClassVar = "backup.made"
    name: str
    sha256: str
    epoch: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged:
    """`keys` only: a value may be a secret."""

    KIND: ClassVar = "settings.changed"
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareChanged:
    KIND: ClassVar = "software.changed"
    version: str
    old_version: str
    result: Literal["installed", "went_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementFiled:
    """Supplementary footage or paper for an outage: never counted as automatic."""

    KIND: ClassVar = "supplement.filed"
    supplement: str
    class_id: str
    lesson: str
    media: str
    sha256: str
    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementRecognised:
    """The district recognises periods by a document of its own."""

    KIND: ClassVar = "supplement.recognised"
    supplement: str
    document: str
    trainees: tuple[str, ...]
    periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageMade:
    KIND: ClassVar = "package.made"
    class_id: str
    sha256: str
    size: int
    scope: str
    full_ids: bool
    with_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMade:
    """A watermarked copy for one person. The copy itself (`sha256`) shows the name; the fact holds none.

    `subject` is the medium's id, the unit's or the trainee's; `trainee` is who got it, empty for somebody else.
    """

    KIND: ClassVar = "copy.made"
    of: Literal["snapshot", "sheet", "record"]
    subject: str
    class_id: str
    sha256: str
    purpose: str
    trainee: str = ""


PAYLOADS = (
    ServiceStarted,
    ServiceStopped,
    EpochStarted,
    ClockAnchor,
    ClockStepped,
    ClockTrustChanged,
    SealKey,
    MediaRoot,
    CommandReceived,
    SyncForked,
    MediaConfirmed,
    MediaRequested,
    MediaDeleted,
    MediaLost,
    OutageOpened,
    OutageClosed,
    AlarmRaised,
    AlarmCleared,
    BackupMade,
    SettingsChanged,
    SoftwareChanged,
    SupplementFiled,
    SupplementRecognised,
    PackageMade,
    CopyMade,
)
