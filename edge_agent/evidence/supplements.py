"""补充材料: filed for an outage, recognised by the district; the command and the console do it by these two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from edge_agent.errors import InputError, NotFoundError
from edge_agent.model.kinds.system import SupplementFiled, SupplementRecognised
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import supplements, training
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles, Pending
from edge_agent.store.lessons import get_lesson
from edge_agent.store.media import new_media_id
from edge_agent.store.supplements import Supplement
from edge_agent.store.writer import Writer

SUFFIXES = frozenset(
    {".mp4", ".mov", ".avi", ".mkv", ".ts", ".jpg", ".jpeg", ".png", ".pdf", ".docx", ".xlsx", ".zip", ".mp3", ".wav"}
)
LARGEST = 16 << 30
"""Bytes: four hours of a telephone's video."""


@dataclass(frozen=True, slots=True)
class Material:
    """What somebody brings: which lesson it is for, from when to when it shows it, and why the record has a hole."""

    lesson: str
    start: datetime
    end: datetime
    reason: str
    suffix: str


def begin(connection: Connection, files: MediaFiles, material: Material) -> Pending:
    """Check what is said of the material before a byte of it is taken; give the file to write it to.

    Raises `InputError` that names the field, `NotFoundError` for a lesson that is not here.
    """
    get_lesson(connection, material.lesson)
    if material.end <= material.start:
        raise InputError("end: not after start (结束须晚于开始).")
    if not material.reason.strip():
        raise InputError("reason: empty (须填写原因).")
    if material.suffix not in SUFFIXES:
        raise InputError(
            f"name: {material.suffix or 'no suffix'} (文件类型不支持).",
            do=f"Bring video, pictures or scanned sheets: {' '.join(sorted(SUFFIXES))}.",
        )
    return files.create(MediaKind.SUPPLEMENT, material.suffix)


def file_material(writer: Writer, connection: Connection, pending: Pending, material: Material, *, by: str) -> Media:
    """Keep material that is written whole: file, row and fact. Raises `InputError` for an empty one."""
    if not pending.size:
        raise InputError("file: empty (文件为空).")
    lesson = get_lesson(connection, material.lesson)
    stored = pending.commit(material.start)
    row = Media(
        id=new_media_id(),
        kind=MediaKind.SUPPLEMENT,
        path=stored.path,
        sha256=stored.sha256,
        size=stored.size,
        start=material.start,
        end=material.end,
        lesson=lesson.id,
    )
    filed = SupplementFiled(
        supplement=row.id,
        class_id=lesson.class_id,
        lesson=lesson.id,
        media=row.id,
        sha256=stored.sha256,
        start=material.start,
        end=material.end,
        reason=material.reason.strip(),
    )
    writer.run(lambda tx: supplements.file_supplement(tx, filed, row, by=by))
    return row


def recognise(
    writer: Writer,
    connection: Connection,
    supplement: str,
    *,
    document: str,
    periods: int,
    trainees: Iterable[str] = (),
    by: str,
) -> SupplementRecognised:
    """Note the district's recognition by its document's number, for some trainees of the lesson or for all.

    Raises `InputError`, `NotFoundError`, or `ConflictError` where it was recognised before.
    """
    if not document.strip():
        raise InputError("document: empty (须填写区县认可文号).")
    filed: Supplement = supplements.get(connection, supplement)
    lesson = get_lesson(connection, filed.lesson)
    if not 1 <= periods <= lesson.periods:
        raise InputError(f"periods: {periods}, the lesson has {lesson.periods} (超过该课程课时).")
    roster = {
        each.id for each in training.list_trainees(connection, filed.class_id) if lesson.subgroup in ("", each.subgroup)
    }
    chosen = set(trainees)
    if strangers := chosen - roster:
        raise NotFoundError(f"trainees: not of this lesson: {', '.join(sorted(strangers))} (不是该课程学员).")
    recognised = SupplementRecognised(
        supplement=supplement,
        document=document.strip(),
        trainees=tuple(sorted(chosen or roster)),
        periods=periods,
    )
    writer.run(lambda tx: supplements.recognise(tx, recognised, by=by))
    return recognised
