"""Rosters: trainees of one class or several, checked row by row, against each other and against the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from edge_agent.intake.classes import ClassChooser, ClassDraft
from edge_agent.intake.columns import ROSTER
from edge_agent.intake.identity import (
    birth_date,
    document_type_of,
    ends_like_lost,
    read_document,
    read_document_type,
)
from edge_agent.intake.limits import check_size, check_teachers
from edge_agent.intake.problems import FILE, FileRefusedError, Problems
from edge_agent.intake.read import Source, open_table
from edge_agent.intake.report import Report
from edge_agent.intake.single import TRAINEE, row_of
from edge_agent.intake.table import Row
from edge_agent.intake.values import Value, has_private_character, read_name, read_number, read_phone, read_text
from edge_agent.intake.world import World
from edge_agent.model.people import ClassState, Trainee, TrainingClass

GUARDIAN_AGE = 14
"""Below it a guardian must consent to face recognition (人脸识别技术应用安全管理办法)."""


Change = Literal["added", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class TraineeRow:
    """One trainee as read; `trainee.id` is empty for a new one, `change` is what a commit would do."""

    row: int
    trainee: Trainee
    change: Change


@dataclass(frozen=True, slots=True)
class RosterGroup:
    """The rows of one class; `others` are its trainees who are not in the file."""

    target: ClassDraft
    rows: tuple[TraineeRow, ...]
    others: tuple[Trainee, ...]


@dataclass(frozen=True, slots=True)
class RosterDraft:
    """What a roster file would do. `complete`: who is not in the file leaves the class."""

    source: Source
    problems: Problems
    groups: tuple[RosterGroup, ...] = ()
    complete: bool = False


def parse_roster(data: bytes, name: str, world: World, *, class_ref: str = "", complete: bool = False) -> RosterDraft:
    """Read a roster of one class or, with a class column, of several.

    `class_ref` (id, 培训期次ID or name) says the class when the file doesn't.
    """
    source, report = Source.of(data, name), Report()
    try:
        table = open_table(data, name, ROSTER, report)
    except FileRefusedError as refused:
        return RosterDraft(source, Problems((refused.problem,)), complete=complete)
    chooser = ClassChooser(report, world, table, file=source.name, named=class_ref)
    rows = [(row, _trainee(report, row, world.today), chooser.of(row)) for row in table.rows()]
    if not rows:
        report.add("rows_none")
    _check_repeats(report, rows)
    classes: dict[ClassDraft, list[tuple[Row, Trainee]]] = defaultdict(list)
    for row, trainee, target in rows:
        if target is not None:
            classes[target].append((row, trainee))
    groups = tuple(_group(report, world, target, group, complete=complete) for target, group in classes.items())
    return RosterDraft(source, report.problems(), groups, complete)


def parse_trainee(
    values: Mapping[str, Value], world: World, training: TrainingClass, *, new: str, edited: Trainee | None = None
) -> RosterDraft:
    """Read one trainee out of a form's fields, named as in `single.TRAINEE`.

    It is `edited` with other values, or, without it, somebody who joins, with the id `new` unless they were in the
    class before. An empty document or phone leaves the one of `edited`, since no page shows them whole; a
    verified document stays.
    """
    source, report = Source.of(repr(sorted(values.items())).encode(), ""), Report()
    keeps = edited is not None and not values.get("document")
    named = {name: field for name, field in TRAINEE.items() if not (keeps and name == "document")}
    row = row_of(named, {name: value for name, value in values.items() if name in named})
    read = _trainee(report, row, world.today)
    if edited and keeps:
        kind = read.document_type if values.get("document_type") else edited.document_type
        read = replace(read, document=edited.document, document_type=kind)
    _check_open(report, training)
    mine = {known.document: known for known in world.trainees if known.class_id == training.id}
    known = mine.get(read.document)
    if known and (known.id != edited.id if edited else known.active):
        report.add("trainee_known", row.place("document"))
    if not edited or edited.document != read.document:
        _check_elsewhere(report, world, training, [(row, read)])
    if edited:
        found = _edited(report, row, read, edited)
    else:
        found = _merged(report, row, replace(read, id=new), known)
        _check_limits(report, world, training, len(world.active.get(training.id, ())) + 1)
    group = RosterGroup(ClassDraft(training), (found,), ())
    return RosterDraft(source, report.problems(), (group,))


def draft_leaving(training: TrainingClass, trainee: Trainee) -> RosterDraft:
    """Let one trainee leave a class, as those do who are not in a complete file."""
    report = Report()
    _check_open(report, training)
    group = RosterGroup(ClassDraft(training), (), (trainee,))
    return RosterDraft(Source.of(trainee.id.encode(), ""), report.problems(), (group,), complete=True)


def _check_open(report: Report, training: TrainingClass) -> None:
    if training.state is ClassState.CLOSED:
        report.add("class_closed", FILE, name=training.name)


def _edited(report: Report, row: Row, read: Trainee, known: Trainee) -> TraineeRow:
    """Lay a form over the trainee that it was made from."""
    if known.verified and (read.document, read.document_type) != (known.document, known.document_type):
        report.add("document_verified", row.place("document"))
    elif known.verified and read.name and read.name != known.name:
        report.add("trainee_renamed", row.place("name"), known=known.name, name=read.name)
    merged = replace(
        known,
        name=read.name,
        document=read.document,
        document_type=read.document_type,
        phone=read.phone or known.phone,
        subgroup=read.subgroup,
        verified=known.verified and read.name == known.name,
    )
    return TraineeRow(row.number, merged, "unchanged" if merged == known else "changed")


def _trainee(report: Report, row: Row, today: date) -> Trainee:
    name = report.read(row, "name", read_name, "")
    document = report.read(row, "document", read_document, "")
    if has_private_character(name):
        report.add("name_private", row.place("name"))
    if ends_like_lost(document):
        report.add("id_ends_000", row.place("document"))
    if document:
        born = birth_date(document)
        if born > today:
            report.add("id_birth_date", row.place("document"), text=f"{born:%Y%m%d}")
        elif today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < GUARDIAN_AGE:
            report.add("trainee_minor", row.place("document"), age=GUARDIAN_AGE)
    return Trainee(
        id="",
        class_id="",
        name=name,
        document=document,
        phone=report.read(row, "phone", read_phone, ""),
        document_type=report.read(row, "document_type", read_document_type, document_type_of(document)),
        subgroup=report.read(row, "subgroup", read_text, ""),
        online_periods=report.read(row, "online", read_number, 0.0),
        certificate=report.read(row, "certificate", read_text, ""),
    )


def _check_repeats(report: Report, rows: list[tuple[Row, Trainee, ClassDraft | None]]) -> None:
    """Find one person twice in the file: an error within a class, a warning across two."""
    documents: dict[str, tuple[Row, ClassDraft | None]] = {}
    names: dict[tuple[ClassDraft | None, str], Row] = {}
    phones: dict[str, Row] = {}
    for row, trainee, target in rows:
        earlier, group = documents.setdefault(trainee.document, (row, target))
        if trainee.document and earlier is not row:
            code = "trainee_twice" if group == target else "trainee_two_classes"
            report.add(code, row.place("document"), row=earlier.number)
        elif trainee.name and (namesake := names.setdefault((target, trainee.name), row)) is not row:
            report.add("name_twice", row.place("name"), row=namesake.number)
        if trainee.phone and (owner := phones.setdefault(trainee.phone, row)) is not row and earlier is row:
            report.add("phone_twice", row.place("phone"), row=owner.number)


def _group(
    report: Report, world: World, target: ClassDraft, rows: list[tuple[Row, Trainee]], *, complete: bool
) -> RosterGroup:
    training = target.training
    mine = {known.document: known for known in world.trainees if known.class_id == training.id}
    read = [_merged(report, row, trainee, mine.get(trainee.document)) for row, trainee in rows]
    _check_elsewhere(report, world, training, rows)
    documents = {trainee.document for _, trainee in rows}
    others = tuple(known for known in mine.values() if known.active and known.document not in documents)
    if others:
        report.add("trainees_leave" if complete else "trainees_stay", count=len(others), name=training.name)
    _check_limits(report, world, training, len(read) + (0 if complete else len(others)))
    return RosterGroup(target, tuple(read), others)


def _check_elsewhere(report: Report, world: World, training: TrainingClass, rows: list[tuple[Row, Trainee]]) -> None:
    names = {known.id: known.name for known in world.classes if known.state is not ClassState.CLOSED}
    elsewhere = {
        known.document: names[known.class_id]
        for known in world.trainees
        if known.active and known.class_id != training.id and known.class_id in names
    }
    for row, trainee in rows:
        if other := elsewhere.get(trainee.document):
            report.add("trainee_other_class", row.place("document"), name=other)


def _check_limits(report: Report, world: World, training: TrainingClass, count: int) -> None:
    check_size(report, world, training, count)
    teachers = [teacher for teacher in world.teachers if training.id and training.id in teacher.classes]
    check_teachers(report, world, training, trainees=count, known=teachers)


def _merged(report: Report, row: Row, trainee: Trainee, known: Trainee | None) -> TraineeRow:
    """Lay a row over the trainee that the class has; empty cells change nothing."""
    if known is None:
        return TraineeRow(row.number, trainee, "added")
    merged = replace(
        known,
        name=trainee.name,
        phone=trainee.phone or known.phone,
        document_type=trainee.document_type,
        subgroup=trainee.subgroup or known.subgroup,
        online_periods=trainee.online_periods or known.online_periods,
        certificate=trainee.certificate or known.certificate,
        verified=known.verified and known.name == trainee.name,
        active=True,
    )
    if trainee.name and known.name != trainee.name:
        report.add("name_differs", row.place("name"), known=known.name, name=trainee.name)
    return TraineeRow(row.number, merged, "unchanged" if merged == known else "changed")
