"""Documents beside the facts: rosters, timetables and the list of teachers, each version kept as its exact bytes."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_agent.errors import unknown
from edge_agent.model.kinds.plan import RosterSaved, TeachersSaved, TimetableImported
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Owner
from edge_agent.model.roster import SALT_BYTES, make_roster
from edge_agent.store.database import Connection
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.training import get_class, list_teachers, list_trainees
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Document:
    """`subject` is the class, empty for the teachers; revisions of one kind and subject count from 1."""

    id: str
    kind: str
    subject: str
    revision: int
    sha256: str
    body: bytes
    made: datetime


def save_roster(
    tx: Transaction, class_id: str, *, by: str, confirmed: bool = False, warnings: tuple[str, ...] = ()
) -> Document:
    """Make the next version of a class's roster out of its active trainees, and say so in a fact.

    `warnings` are the keys of those that the operator ticked.
    """
    training = get_class(tx.connection, class_id)
    trainees = sorted(list_trainees(tx.connection, class_id), key=lambda trainee: trainee.id)
    revision = next_revision(tx.connection, "roster", class_id)
    salted = [(trainee, secrets.token_bytes(SALT_BYTES)) for trainee in trainees]
    roster = make_roster(class_id, revision, training.owner, salted)
    document = _insert(tx, "roster", class_id, revision, roster.encode())
    tx.append(
        RosterSaved(
            class_id=class_id,
            document=document.id,
            sha256=document.sha256,
            commitments=roster.root,
            trainees=tuple(trainee.id for trainee in trainees),
            owner=training.owner.value,
            revision=revision,
            confirmed=confirmed,
            warnings=warnings,
        ),
        by=by,
    )
    return document


def save_timetable(
    tx: Transaction, class_id: str, lessons: Sequence[Lesson], *, by: str, warnings: tuple[str, ...] = ()
) -> Document:
    """Keep what a timetable's import made of it; its lessons have their own facts."""
    owner = get_class(tx.connection, class_id).owner
    document = _save(tx, "timetable", class_id, owner, [to_row(lesson) for lesson in lessons])
    tx.append(
        TimetableImported(
            class_id=class_id,
            sha256=document.sha256,
            lessons=tuple(lesson.id for lesson in lessons),
            owner=owner.value,
            revision=document.revision,
            warnings=warnings,
        ),
        by=by,
    )
    return document


def save_teacher_list(tx: Transaction, *, owner: Owner, by: str) -> Document:
    """Keep the list of teachers as it now stands."""
    teachers = list_teachers(tx.connection)
    document = _save(tx, "teachers", "", owner, [to_row(teacher) for teacher in teachers])
    tx.append(
        TeachersSaved(
            sha256=document.sha256,
            teachers=tuple(teacher.id for teacher in teachers),
            owner=owner.value,
            revision=document.revision,
        ),
        by=by,
    )
    return document


def get_document(connection: Connection, identifier: str) -> Document:
    row = connection.execute("SELECT * FROM documents WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise unknown(identifier, "文档", "document")
    return from_row(Document, row)


def latest_document(connection: Connection, kind: str, subject: str) -> Document | None:
    row = connection.execute(
        "SELECT * FROM documents WHERE kind = ? AND subject = ? ORDER BY revision DESC LIMIT 1", (kind, subject)
    ).fetchone()
    return None if row is None else from_row(Document, row)


def next_revision(connection: Connection, kind: str, subject: str) -> int:
    known = connection.execute(
        "SELECT max(revision) FROM documents WHERE kind = ? AND subject = ?", (kind, subject)
    ).fetchone()[0]
    return (known or 0) + 1


def _save(tx: Transaction, kind: str, subject: str, owner: Owner, rows: Iterable[object]) -> Document:
    revision = next_revision(tx.connection, kind, subject)
    content = {"v": 1, "kind": kind, "subject": subject, "revision": revision, "owner": owner.value, "rows": list(rows)}
    return _insert(tx, kind, subject, revision, json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _insert(tx: Transaction, kind: str, subject: str, revision: int, body: bytes) -> Document:
    document = Document(
        id=f"d-{secrets.token_hex(8)}",
        kind=kind,
        subject=subject,
        revision=revision,
        sha256=hashlib.sha256(body).hexdigest(),
        body=body,
        made=tx.stamp.wall,
    )
    row = to_row(document)
    tx.execute(insert("documents", row), row)
    return document
