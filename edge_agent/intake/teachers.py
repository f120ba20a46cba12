"""The district's list of instructors (讲师), or those whom the administrator adds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from edge_agent.intake.columns import TEACHERS
from edge_agent.intake.problems import FileRefusedError, Problems
from edge_agent.intake.read import Source, open_table
from edge_agent.intake.report import Report
from edge_agent.intake.table import Row
from edge_agent.intake.values import Unreadable, Value, fold, read_flag, read_name, read_phone, read_text
from edge_agent.intake.world import World
from edge_agent.model.people import Teacher

_SEPARATORS = re.compile(r"[、,;\n]")


@dataclass(frozen=True, slots=True)
class TeacherRow:
    """One teacher as read; `teacher.id` is empty for a new one whom the list gave no number."""

    row: int
    teacher: Teacher
    change: Literal["added", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class TeachersDraft:
    source: Source
    problems: Problems
    rows: tuple[TeacherRow, ...] = ()


def parse_teachers(data: bytes, name: str, world: World) -> TeachersDraft:
    source, report = Source.of(data, name), Report()
    try:
        table = open_table(data, name, TEACHERS, report)
    except FileRefusedError as refused:
        return TeachersDraft(source, Problems((refused.problem,)))
    rows: list[TeacherRow] = []
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows():
        read = _teacher(report, row, world)
        key = (read.id, "") if read.id else (fold(read.name), read.phone)
        if read.name and (first := seen.setdefault(key, row.number)) != row.number:
            report.add("teacher_twice", row.place("name"), row=first)
        rows.append(_matched(report, row, read, world))
    if not rows:
        report.add("rows_none")
    return TeachersDraft(source, report.problems(), tuple(rows))


def _teacher(report: Report, row: Row, world: World) -> Teacher:
    return Teacher(
        id=report.read(row, "number", read_text, ""),
        name=report.read(row, "name", read_name, ""),
        full_time=report.read(row, "full_time", read_flag, False),  # noqa: FBT003 - the value of an empty cell
        phone=report.read(row, "phone", read_phone, ""),
        classes=report.read(row, "classes", lambda value: _classes(value, world), ()),
    )


def _classes(value: Value, world: World) -> tuple[str, ...]:
    known = {fold(reference): item.id for item in world.classes for reference in (item.name, item.code)}
    found: list[str] = []
    for part in _SEPARATORS.split(read_text(value)):
        if part.strip():
            if (class_id := known.get(fold(part))) is None:
                raise Unreadable("class_unknown", name=part.strip())
            found.append(class_id)
    return tuple(dict.fromkeys(found))


def _matched(report: Report, row: Row, read: Teacher, world: World) -> TeacherRow:
    """Find by number, else by name where one teacher alone bears it and no phone contradicts."""
    known = [teacher for teacher in world.teachers if read.id and teacher.id == read.id] or [
        teacher
        for teacher in world.teachers
        if fold(teacher.name) == fold(read.name) and (not read.phone or teacher.phone in ("", read.phone))
    ]
    if not known:
        return TeacherRow(row.number, read, "added")
    if len(known) > 1:
        report.add("teacher_ambiguous", row.place("name"), name=read.name)
    merged = replace(
        known[0],
        name=read.name,
        full_time=read.full_time,
        phone=read.phone or known[0].phone,
        confirmed=True,
        classes=read.classes or known[0].classes,
    )
    return TeacherRow(row.number, merged, "unchanged" if merged == known[0] else "changed")
