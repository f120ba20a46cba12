"""Media files that facts name by their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MediaKind(StrEnum):
    RECORDING = "recording"
    SNAPSHOT = "snapshot"
    CLIP = "clip"
    CHECKIN = "checkin"
    CARD = "card"
    SUPPLEMENT = "supplement"
    EXPORT = "export"
    SUPPORT = "support"


class UploadPolicy(StrEnum):
    ALL = "all"
    ON_REQUEST = "on_request"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Media:
    """A complete file. `path` is relative to the media folder, `start` and `end` are what it shows.

    `confirmed` is when the central server confirmed the same SHA-256, `archived` when a copy on an archive disk did.
    """

    id: str
    kind: MediaKind
    path: str
    sha256: str
    size: int
    start: datetime
    end: datetime
    lesson: str = ""
    camera: str = ""
    mime: str = "application/octet-stream"
    confirmed: datetime | None = None
    requested: bool = False
    deleted: datetime | None = None
    archived: datetime | None = None
