"""Writes a draft: all of it in one transaction, or nothing.

A draft was made from the store as it stood. The transaction loads that again, and where something of it has changed
meanwhile, the file is read once more against the new state: what the operator ticked may no longer be all.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from edge_agent.errors import ConflictError
from edge_agent.intake.classes import ClassDraft, ClassesDraft
from edge_agent.intake.online import OnlineDraft
from edge_agent.intake.problems import Problem, Problems
from edge_agent.intake.roster import RosterDraft, RosterGroup
from edge_agent.intake.teachers import TeachersDraft
from edge_agent.intake.timetable import TimetableDraft, TimetableGroup
from edge_agent.intake.values import fold
from edge_agent.intake.world import World
from edge_agent.model.kinds.plan import OnlineHoursImported
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import Owner, Teacher, Trainee, TrainingClass
from edge_agent.store.database import Connection
from edge_agent.store.documents import save_roster, save_teacher_list, save_timetable
from edge_agent.store.lessons import change_of, find_lesson, save_lesson
from edge_agent.store.training import (
    get_class,
    list_rooms,
    list_teachers,
    save_class,
    save_room,
    save_teachers,
    save_trainees,
)
from edge_agent.store.writer import Transaction, Writer

ATTEMPTS = 3
LEFT_OUT = "重新导入的课表中没有"
CODE_TO_COME = "待定"


class Draft(Protocol):
    @property
    def problems(self) -> Problems: ...


D = TypeVar("D", bound=Draft)
D_co = TypeVar("D_co", bound=Draft, covariant=True)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was written: rows of the file by what became of them, and what left because the file is complete."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left: int = 0
    classes: tuple[str, ...] = ()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.left + other.left,
            (*self.classes, *other.classes),
        )


@dataclass(frozen=True, slots=True)
class Outcome(Generic[D_co]):
    """`written` is None when `blocking` problems stopped the import, or it was a dry run."""

    draft: D_co
    blocking: tuple[Problem, ...]
    written: Counts | None


@dataclass(frozen=True, slots=True)
class Importer:
    """Imports files on behalf of one operator (`by`); `load` reads the world on a connection."""

    writer: Writer
    load: Callable[[Connection], World]
    by: str

    def run(
        self,
        world: World,
        parse: Callable[[World], D],
        write: Callable[[Transaction, D, tuple[str, ...], str], Counts],
        *,
        ticked: Iterable[str] = (),
    ) -> Outcome[D]:
        """Parse and, unless something blocks, write. `write` is one of this module's functions."""
        keys = frozenset(ticked)
        for _ in range(ATTEMPTS):
            draft = parse(world)
            if blocking := draft.problems.blocking(keys):
                return Outcome(draft, blocking, None)
            warned = tuple(sorted({warning.key for warning in draft.problems.warnings}))

            def job(
                tx: Transaction, seen: World = world, draft: D = draft, warned: tuple[str, ...] = warned
            ) -> World | Counts:
                current = self.load(tx.connection)
                return write(tx, draft, warned, self.by) if current.same_as(seen) else current

            result = self.writer.run(job)
            if isinstance(result, Counts):
                return Outcome(draft, (), result)
            world = result
        raise ConflictError(
            "导入时数据一直被他人修改 / classes or timetables keep changing while the file is imported.",
            do="请稍后再试。Try again in a minute.",
        )


def write_classes(tx: Transaction, draft: ClassesDraft, warned: tuple[str, ...], by: str) -> Counts:
    del warned  # a class's fact has no place for them; a list of classes raises none to tick
    counts = Counts()
    for item in draft.classes:
        saved = _ensure(tx, item, by=by)
        changed = not item.is_new and get_class(tx.connection, saved.id) != saved
        if changed:
            save_class(tx, replace(saved, revision=saved.revision + 1), by=by)
        counts += Counts(item.is_new, changed, not (item.is_new or changed), 0, (saved.id,))
    return counts


def write_roster(tx: Transaction, draft: RosterDraft, warned: tuple[str, ...], by: str) -> Counts:
    counts = Counts()
    for group in draft.groups:
        counts += _write_group(tx, group, warned, by, complete=draft.complete)
    return counts


def _write_group(tx: Transaction, group: RosterGroup, warned: tuple[str, ...], by: str, *, complete: bool) -> Counts:
    training = _ensure(tx, group.target, by=by)
    added = [
        replace(row.trainee, id=row.trainee.id or _new("t"), class_id=training.id)
        for row in group.rows
        if row.change == "added"
    ]
    changed = [_next(row.trainee) for row in group.rows if row.change == "changed"]
    left = [replace(_next(trainee), active=False) for trainee in group.others] if complete else []
    save_trainees(tx, [*left, *changed, *added])
    if added or changed or left:
        save_roster(tx, training.id, by=by, warnings=warned)
    unchanged = len(group.rows) - len(added) - len(changed)
    return Counts(len(added), len(changed), unchanged, len(left), (training.id,))


def write_timetable(tx: Transaction, draft: TimetableDraft, warned: tuple[str, ...], by: str) -> Counts:
    counts = Counts()
    for group in draft.groups:
        training = _ensure(tx, group.target, by=by)
        counts += _write_lessons(tx, group, training, warned, by, complete=draft.complete)
    return counts


def _write_lessons(
    tx: Transaction, group: TimetableGroup, training: TrainingClass, warned: tuple[str, ...], by: str, *, complete: bool
) -> Counts:
    rooms = _ensure_rooms(tx, group, by=by)
    teachers = _ensure_teachers(tx, group, training, by=by)
    lessons: list[Lesson] = []
    for row in group.rows:
        lesson = replace(
            row.lesson,
            id=row.lesson.id or _new("l"),
            class_id=training.id,
            room=row.lesson.room or rooms.get(fold(row.room), ""),
            teacher=row.lesson.teacher or teachers.get(fold(row.teacher), ""),
        )
        if row.change != "unchanged":
            known = find_lesson(tx.connection, lesson.id)
            owner = training.owner if known is None else None  # a lesson stays whose it is
            lesson = save_lesson(tx, lesson, change=change_of(known, lesson), by=by, owner=owner)
        lessons.append(lesson)
    changes = [row.change for row in group.rows]
    counts = Counts(changes.count("added"), changes.count("changed"), changes.count("unchanged"), 0, (training.id,))
    left = group.others if complete else ()
    for lesson in left:
        gone = replace(lesson, cancelled=True, cancel_reason=LEFT_OUT)
        save_lesson(tx, gone, change="edited", by=by)
    save_timetable(tx, training.id, lessons, by=by, warnings=warned)
    return counts + Counts(left=len(left))


def write_teachers(tx: Transaction, draft: TeachersDraft, warned: tuple[str, ...], by: str) -> Counts:
    del warned  # said where a teacher's lessons are planned
    changes = [row.change for row in draft.rows]
    save_teachers(tx, [replace(row.teacher, id=row.teacher.id or _new("te")) for row in draft.rows])
    save_teacher_list(tx, owner=Owner.VENUE, by=by)
    return Counts(changes.count("added"), changes.count("changed"), changes.count("unchanged"))


def write_online(tx: Transaction, draft: OnlineDraft, warned: tuple[str, ...], by: str) -> Counts:
    counts = Counts()
    for group in draft.groups:
        changed = [_next(row.trainee) for row in group.rows if row.change == "changed"]
        save_trainees(tx, changed)
        tx.append(
            OnlineHoursImported(
                class_id=group.training.id, sha256=draft.source.sha256, trainees=len(group.rows), warnings=warned
            ),
            by=by,
        )
        if changed:
            save_roster(tx, group.training.id, by=by, warnings=warned)
        unchanged = len(group.rows) - len(changed)
        counts += Counts(changed=len(changed), unchanged=unchanged, classes=(group.training.id,))
    return counts


def _ensure(tx: Transaction, item: ClassDraft, *, by: str) -> TrainingClass:
    """Give the class of a draft, made if it is new; one without a 培训期次ID gets a stand-in until it has one."""
    if not item.is_new:
        return item.training
    identifier = _new("c")
    code = item.training.code or f"{CODE_TO_COME}-{identifier[2:8]}"
    made = replace(item.training, id=identifier, code=code)
    save_class(tx, made, by=by)
    return made


def _ensure_rooms(tx: Transaction, group: TimetableGroup, *, by: str) -> dict[str, str]:
    known = {fold(name): room for room, name in list_rooms(tx.connection).items()}
    for row in group.rows:
        if row.room and not row.lesson.room and fold(row.room) not in known:
            known[fold(row.room)] = room = _new("r")
            save_room(tx, room, row.room, by=by)
    return known


def _ensure_teachers(tx: Transaction, group: TimetableGroup, training: TrainingClass, *, by: str) -> dict[str, str]:
    """Add teachers whom the list doesn't have (待区县确认), and put all of the file's into the class."""
    teachers = {teacher.id: teacher for teacher in list_teachers(tx.connection)}
    by_name = {fold(teacher.name): teacher.id for teacher in teachers.values()}
    changed: dict[str, Teacher] = {}
    for row in group.rows:
        for name, known in ((row.teacher, row.lesson.teacher), *((name, "") for name in row.assistants)):
            if not name:
                continue
            identifier = known or by_name.setdefault(fold(name), _new("te"))
            teacher = changed.get(identifier) or teachers.get(identifier)
            teacher = teacher or Teacher(identifier, name, full_time=False, confirmed=False)
            if training.id not in teacher.classes:
                changed[identifier] = replace(teacher, classes=(*teacher.classes, training.id))
    if changed:
        save_teachers(tx, changed.values())
        save_teacher_list(tx, owner=Owner.VENUE, by=by)
    return by_name


def _next(trainee: Trainee) -> Trainee:
    return replace(trainee, revision=trainee.revision + 1)


def _new(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
