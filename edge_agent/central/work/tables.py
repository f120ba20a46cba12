"""Rosters and timetables of the office, to a venue: read, checked, and sent as signed commands.

How the office's tables are read is the business of whoever composes the program (`TableReader`); here stands what is
known of the venue, and what becomes of a table that was read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, Protocol

import msgspec

from edge_agent.central import commands
from edge_agent.central.database import Tx
from edge_agent.central.digest.digester import Digester
from edge_agent.central.digest.people import Person, save_people, save_teachers
from edge_agent.central.registry import AgentRow
from edge_agent.central.views.classes import TrainingClass, of_venue
from edge_agent.errors import InputError
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.people import ClassState, Owner, Teacher, Trainee
from edge_agent.model.people import TrainingClass as Known
from edge_agent.sync.contract.commands import Roster, Teachers, Timetable
from edge_agent.sync.contract.signing import Signer

Kind = Literal["roster", "timetable", "classes", "teachers"]
Content = Roster | Timetable | Teachers
LARGEST = 8 << 20
"""Of a table, in bytes: a class of 500 takes less than a tenth."""


@dataclass(frozen=True, slots=True)
class Told:
    """A problem of a table, in Chinese and English; `key` is what a person ticks, empty where it can't be ticked."""

    severity: str
    where_zh: str
    where_en: str
    zh: str
    en: str
    key: str


@dataclass(frozen=True, slots=True)
class World:
    """What is known of one venue."""

    now: datetime
    classes: tuple[Known, ...] = ()
    trainees: tuple[Trainee, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    teachers: tuple[Teacher, ...] = ()
    rooms: dict[str, str] = field(default_factory=dict)
    teachers_revision: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What a table would do; nothing is sent while `blocking` is not empty."""

    problems: Sequence[Told]
    blocking: Sequence[Told]
    send: Sequence[Content]


class TableReader(Protocol):
    def __call__(
        self, kind: Kind, data: bytes, name: str, world: World, *, class_ref: str, ticked: frozenset[str]
    ) -> Draft: ...


def read_world(tx: Tx, agent: int, now: datetime) -> World:
    """Read what an import must know of a venue."""
    classes = of_venue(tx, agent)
    people = tx.rows("SELECT trainee, class_id, content FROM people WHERE agent = %s", (agent,))
    row = tx.row("SELECT count(*) FROM commands WHERE agent = %s AND name = 'teachers'", (agent,))
    active = {trainee for each in classes for trainee in each.trainees}
    return World(
        now=now,
        classes=tuple(_class(each) for each in classes),
        trainees=tuple(_trainee(content, class_id, active=trainee in active) for trainee, class_id, content in people),
        lessons=tuple(_lessons(tx, agent)),
        teachers=tuple(
            Teacher(identifier, name, full_time=bool(full_time), phone=phone, classes=tuple(json.loads(classes)))
            for identifier, name, full_time, phone, classes in tx.rows(
                "SELECT id, name, full_time, phone, classes FROM teachers WHERE agent = %s ORDER BY id", (agent,)
            )
        ),
        rooms=dict(tx.rows("SELECT room, name FROM rooms WHERE agent = %s", (agent,))),
        teachers_revision=int(row[0]) if row else 0,
    )


def send(
    tx: Tx, signer: Signer, digester: Digester, agent: AgentRow, draft: Draft, *, by: str, now: datetime
) -> list[str]:
    """Sign and leave to the workers what a table became; give the commands' ids. Raises `InputError` if it blocks."""
    if draft.blocking:
        raise InputError("The table has open problems (表格有未解决的问题).", do="Mend or tick them.")
    sent = []
    for args in draft.send:
        if isinstance(args, Roster):
            # The venue sends no document for a roster that the centre made: the names are kept here at once.
            save_people(tx, agent.number, args.class_id, map(_person, args.trainees), digester.person)
        elif isinstance(args, Teachers):
            save_teachers(tx, agent.number, map(msgspec.to_builtins, args.teachers))
        sent.append(commands.issue(tx, signer, agent, args, by=by, now=now))
    return sent


def _person(row: object) -> Person:
    return msgspec.convert(
        {("trainee" if key == "id" else key): value for key, value in msgspec.to_builtins(row).items()}, Person
    )


def _class(found: TrainingClass) -> Known:
    return Known(
        id=found.id,
        code=found.code,
        name=found.name,
        category=found.category,
        opens=date.fromisoformat(found.opens) if found.opens else None,
        closes=date.fromisoformat(found.closes) if found.closes else None,
        required_periods=found.required,
        online_required=found.online_required,
        state=ClassState(found.state),
        policy=found.policy,
        owner=Owner(found.owner),
        revision=found.revision,
        size_exception=found.size_exception,
        opened_by_hand=found.by_hand,
    )


def _trainee(content: str, class_id: str, *, active: bool) -> Trainee:
    row = msgspec.json.decode(content, type=Person)
    return Trainee(
        id=row.trainee,
        class_id=class_id,
        name=row.name,
        document=row.document,
        phone=row.phone,
        document_type=row.document_type,
        subgroup=row.subgroup,
        online_periods=row.online_periods,
        certificate=row.certificate,
        active=active,
    )


def _lessons(tx: Tx, agent: int) -> Iterable[Lesson]:
    rows = tx.rows(
        "SELECT id, class_id, day, start, periods, break_minutes, room, subject, teacher, subgroup, kind, ends,"
        " revision FROM lessons WHERE agent = %s AND cancelled = 0 AND day <> ''",
        (agent,),
    )
    for (
        identifier,
        class_id,
        day,
        start,
        periods,
        pause,
        room,
        subject,
        teacher,
        subgroup,
        kind,
        ends,
        revision,
    ) in rows:
        yield Lesson(
            id=identifier,
            class_id=class_id,
            date=date.fromisoformat(day),
            start=time.fromisoformat(start),
            periods=periods,
            break_minutes=pause,
            room=room,
            subject=subject,
            teacher=teacher,
            subgroup=subgroup,
            kind=LessonKind(kind),
            end=time.fromisoformat(ends) if ends else None,
            revision=revision,
        )


def count_rows(draft: Draft) -> int:
    """Count what would be sent: trainees, lessons or teachers."""
    rows = 0
    for each in draft.send:
        match each:
            case Roster():
                rows += max(1, len(each.trainees))
            case Timetable():
                rows += len(each.lessons)
            case Teachers():
                rows += len(each.teachers)
    return rows
