"""Watermarked copies for individuals: whoever passes one on is named on it, with what it was given for, and when.

The record itself never changes: a copy is a picture or a sheet made anew, and a fact says that it was given.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from edge_agent.errors import InputError, NotFoundError, unknown
from edge_agent.evidence.record import ClassRecord, read_class
from edge_agent.evidence.tables import Table, Tables
from edge_agent.evidence.words import SUPPLEMENTS
from edge_agent.model.kinds.system import CopyMade
from edge_agent.model.media import MediaKind
from edge_agent.policies import LoadedPolicy
from edge_agent.store import lessons, media, training
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Writer

Of = Literal["snapshot", "sheet", "record"]
LONGEST = 60
"""Characters of a name or a purpose: more would not be legible across a picture."""

_PALE, _DARK = 0.24, 0.18  # of white and of black: legible on a bright wall and on a dark floor
_SLANT = 24.0  # degrees


@dataclass(frozen=True, slots=True)
class Wanted:
    """A copy of a snapshot (`subject` is its media id), of a unit's sheet, or of a trainee's own record.

    `recipient` and `purpose` are shown across it; `trainee` is the recipient's id, where it is a trainee.
    """

    of: Of
    subject: str
    recipient: str
    purpose: str
    trainee: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    content: bytes
    mime: str
    suffix: str
    sha256: str


@dataclass(frozen=True)
class Shelf:
    """Where copies are made from; `connection` reads as of one moment (`database.reading`)."""

    connection: Connection
    files: MediaFiles
    policies: Callable[[str], LoadedPolicy]


def give_copy(writer: Writer, shelf: Shelf, wanted: Wanted, now: datetime, *, by: str) -> Copy:
    """Make a copy, and say so in a fact before it leaves.

    Raises `InputError` that names the field, `NotFoundError` where there is no such snapshot, unit or trainee.
    """
    for name, text in (("recipient", wanted.recipient), ("purpose", wanted.purpose)):
        if not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise InputError(
                f"{name}: 1 to {LONGEST} characters are wanted (接收人与用途须填写，各不超过 {LONGEST} 字)."
            )
    if wanted.of == "snapshot":
        class_id, content = _snapshot(shelf, wanted, now)
        mime, suffix = "image/jpeg", ".jpg"
    else:
        class_id, content = _sheet(shelf, wanted, now)
        mime, suffix = "application/pdf", ".pdf"
    digest = hashlib.sha256(content).hexdigest()
    writer.append(
        CopyMade(
            of=wanted.of,
            subject=wanted.subject,
            class_id=class_id,
            sha256=digest,
            purpose=wanted.purpose.strip(),
            trainee=wanted.trainee,
        ),
        by=by,
    )
    return Copy(content, mime, suffix, digest)


def mark_text(wanted: Wanted, now: datetime) -> str:
    """Give the line that stands across a copy; `now` in the policy's time zone."""
    return f"副本 仅供 {wanted.recipient.strip()} 用于{wanted.purpose.strip()} {now:%Y-%m-%d %H:%M}"


def _snapshot(shelf: Shelf, wanted: Wanted, now: datetime) -> tuple[str, bytes]:
    connection = shelf.connection
    found = media.find(connection, wanted.subject)
    if found is None or found.kind is not MediaKind.SNAPSHOT or found.deleted is not None:
        raise unknown(wanted.subject, "抓拍", "snapshot")
    path = shelf.files.locate(found.path)
    if not path.is_file():
        raise NotFoundError(f"Snapshot {wanted.subject}: its file is gone (抓拍文件缺失).", do="Run: edge-agent fsck")
    group = training.get_class(connection, lessons.get_lesson(connection, found.lesson).class_id)
    return group.id, mark_picture(path, mark_text(wanted, now.astimezone(shelf.policies(group.policy).policy.zone)))


def mark_picture(path: Path, text: str) -> bytes:
    """Give the JPEG with `text` slanted across the whole of it, and once more, plainly, along its foot."""
    import cv2  # noqa: PLC0415 - late: the console's process must not hold OpenCV for a copy a month
    import numpy as np  # noqa: PLC0415 - as above

    picture = cv2.imread(str(path))
    if picture is None:
        raise NotFoundError(f"{path.name}: not a picture any more (抓拍文件损坏).", do="Run: edge-agent fsck")
    height, width = picture.shape[:2]
    face, size = cv2.FONT_HERSHEY_SIMPLEX, max(16, width // 36)
    scale = size / 30
    (long, high), _ = cv2.getTextSize(text, face, scale, 1)
    side = math.ceil(math.hypot(width, height))
    mask = np.zeros((side, side), np.uint8)
    for row, bottom in enumerate(range(high, side, 5 * size)):
        for left in range(-(row % 2) * long // 2, side, long + 3 * size):
            cv2.putText(mask, text, (left, bottom), face, scale, (255,), 2, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), _SLANT, 1.0)
    slanted = cv2.warpAffine(mask, turn, (side, side))
    top, left = (side - height) // 2, (side - width) // 2
    ink = slanted[top : top + height, left : left + width, None].astype(np.float32) / 255
    shade = np.roll(ink, (2, 2), (0, 1))
    marked = picture * (1 - shade * _DARK)
    marked = marked + (255 - marked) * ink * _PALE
    strip = np.full((2 * size, width, 3), 255, np.uint8)
    fit = min(1.0, (width - size) / max(1, long))
    cv2.putText(strip, text, (size // 2, int(1.4 * size)), face, scale * fit, (40, 40, 160), 1, cv2.LINE_AA)
    _, data = cv2.imencode(".jpg", np.vstack([marked.astype(np.uint8), strip]), [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()


def _sheet(shelf: Shelf, wanted: Wanted, now: datetime) -> tuple[str, bytes]:
    connection = shelf.connection
    class_id = _class_of(connection, wanted)
    policy = shelf.policies(training.get_class(connection, class_id).policy)
    record = read_class(connection, class_id, policy, now)
    table = _table(record, wanted)
    mark = mark_text(wanted, record.at)
    from edge_agent.evidence.sheets_pdf import PERSONAL, TEACHING, write_sheets  # noqa: PLC0415 - late, as OpenCV is

    signed_by = PERSONAL if wanted.of == "record" else TEACHING
    return class_id, write_sheets([table], footer=f"{SUPPLEMENTS} {mark}", mark=mark, signed_by=signed_by)


def _class_of(connection: Connection, wanted: Wanted) -> str:
    if wanted.of == "record":
        return training.get_trainee(connection, wanted.subject).class_id
    lesson, _, _ = wanted.subject.rpartition("/")
    return lessons.get_lesson(connection, lesson or wanted.subject).class_id


def _table(record: ClassRecord, wanted: Wanted) -> Table:
    tables = Tables(record)
    if wanted.of == "record":
        return tables.of_trainee(next(each for each in record.trainees if each.id == wanted.subject))
    unit = next((each for each in record.schedule.units(record.training.id) if each.id == wanted.subject), None)
    if unit is None:
        raise unknown(wanted.subject, "签到单元", "unit")
    return tables.of_unit(unit)
