"""Timetables: rows to lessons, each checked against its class, the other rows and what the store has planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time

from edge_agent.intake.classes import ClassChooser, ClassDraft
from edge_agent.intake.columns import TIMETABLE
from edge_agent.intake.lessons import LessonReader, LessonRow
from edge_agent.intake.limits import check_hours, check_teachers
from edge_agent.intake.overlaps import Planned, find_overlaps, stored
from edge_agent.intake.problems import FILE, FileRefusedError, Problems
from edge_agent.intake.read import Source, open_table
from edge_agent.intake.report import Report
from edge_agent.intake.single import LESSON, row_of
from edge_agent.intake.values import Value, fold
from edge_agent.intake.world import World
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import ClassState, TrainingClass
from edge_agent.rules.windows import lesson_times


@dataclass(frozen=True, slots=True)
class TimetableGroup:
    """The lessons of one class; `others` are its planned ones that are not in the file and have not begun."""

    target: ClassDraft
    rows: tuple[LessonRow, ...]
    others: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class TimetableDraft:
    """What a timetable file would do. `complete`: what is not in the file and has not begun is cancelled."""

    source: Source
    problems: Problems
    groups: tuple[TimetableGroup, ...] = ()
    complete: bool = False


def parse_timetable(
    data: bytes, name: str, world: World, *, class_ref: str = "", complete: bool = False
) -> TimetableDraft:
    """Read a timetable of one class or, with a class column, of several; `class_ref` as in `parse_roster`."""
    source, report = Source.of(data, name), Report()
    try:
        table = open_table(data, name, TIMETABLE, report)
    except FileRefusedError as refused:
        return TimetableDraft(source, Problems((refused.problem,)), complete=complete)
    chooser = ClassChooser(report, world, table, file=source.name, named=class_ref)
    reader = LessonReader(report, world, table)
    classes: dict[ClassDraft, list[LessonRow]] = defaultdict(list)
    rows = list(table.rows())
    for row in rows:
        if (target := chooser.of(row)) is not None:
            classes[target].extend(reader.lessons(row, target))
    if not rows:
        report.add("rows_none")
    groups = tuple(_group(report, world, target, lessons, complete=complete) for target, lessons in classes.items())
    find_overlaps(report, world, _all_planned(world, groups, complete=complete))
    return TimetableDraft(source, report.problems(), groups, complete)


def parse_lesson(
    values: Mapping[str, Value], world: World, training: TrainingClass, *, new: str, edited: Lesson | None = None
) -> TimetableDraft:
    """Read one lesson out of a form's fields, named as in `single.LESSON`.

    It is the planned lesson `edited` with other values, which may be empty ones, or, without it, another one with the
    id `new`. What one sign-in can't cover becomes several lessons, as in a file.
    """
    source, report, target = Source.of(repr(sorted(values.items())).encode(), ""), Report(), ClassDraft(training)
    row = row_of(LESSON, values)
    if training.state is ClassState.CLOSED:
        report.add("class_closed", FILE, name=training.name)
    if edited and lesson_times(edited, world.policies[training.policy]).start <= world.now:
        report.add("lesson_running", row.place())
    read = list(LessonReader(report, world, row.table).lessons(row, target))
    if not read and not report.problems().errors:
        report.add("lesson_none", row.place("subject"))
    rows = [replace(each, lesson=replace(each.lesson, id="" if number else new)) for number, each in enumerate(read)]
    if edited and rows:
        rows[0] = _edited(rows[0], edited, world)
        if lesson_times(rows[0].lesson, world.policies[training.policy]).start <= world.now:
            report.add("lesson_past", rows[0].place)
    _judge(report, world, training, rows, _planned(world, training))
    group = TimetableGroup(target, tuple(rows), ())
    find_overlaps(report, world, _all_planned(world, (group,), complete=False))
    return TimetableDraft(source, report.problems(), (group,))


def _group(
    report: Report, world: World, target: ClassDraft, read: list[LessonRow], *, complete: bool
) -> TimetableGroup:
    """Match rows with the class's planned lessons by date, start and subgroup: such a lesson keeps id and taps."""
    training = target.training
    policy = world.policies[training.policy]
    known = {_place_in_plan(lesson): lesson for lesson in _planned(world, training)}
    rows = tuple(_matched(row, known.get(_place_in_plan(row.lesson))) for row in read)
    for row in rows:
        if row.change == "changed" and lesson_times(row.lesson, policy).start <= world.now:
            report.add("lesson_begun", row.place)
    in_file = {row.lesson.id for row in rows}
    others = tuple(
        lesson
        for lesson in known.values()
        if lesson.id not in in_file and lesson_times(lesson, policy).start > world.now
    )
    if others:
        report.add("lessons_leave" if complete else "lessons_stay", count=len(others), name=training.name)
    _judge(report, world, training, rows, [each for each in known.values() if not (complete and each in others)])
    return TimetableGroup(target, rows, others)


def _planned(world: World, training: TrainingClass) -> list[Lesson]:
    return [lesson for lesson in world.lessons if training.id and lesson.class_id == training.id]


def _judge(
    report: Report, world: World, training: TrainingClass, rows: Sequence[LessonRow], known: Iterable[Lesson]
) -> None:
    """Check the rows of a class beside those of its `known` lessons that are not among them."""
    policy, read = world.policies[training.policy], {row.lesson.id for row in rows}
    for row in rows:
        if row.change == "added" and lesson_times(row.lesson, policy).start <= world.now:
            report.add("lesson_past", row.place)
    stay = [lesson for lesson in known if lesson.id not in read]
    check_hours(report, world, training, [*(row.lesson for row in rows), *stay])
    ids = {lesson.teacher for lesson in (*(row.lesson for row in rows), *stay)}
    names = {name for row in rows for name in (row.teacher, *row.assistants) if name}
    teachers = [
        teacher
        for teacher in world.teachers
        if teacher.id in ids or teacher.name in names or (training.id and training.id in teacher.classes)
    ]
    unknown = names - {teacher.name for teacher in teachers}
    trainees = len(world.active.get(training.id, ()))
    check_teachers(report, world, training, trainees=trainees, known=teachers, unknown=unknown)


def _all_planned(world: World, groups: tuple[TimetableGroup, ...], *, complete: bool) -> list[Planned]:
    """Give the lessons as they would stand after the import."""
    gone = {row.lesson.id for group in groups for row in group.rows}
    gone |= {lesson.id for group in groups if complete for lesson in group.others}
    read = [
        Planned(
            group.target.training, row.lesson, row.lesson.room or row.room, row.lesson.teacher or row.teacher, row.place
        )
        for group in groups
        for row in group.rows
    ]
    return [*read, *stored(world, gone)]


def _place_in_plan(lesson: Lesson) -> tuple[date, time, str]:
    return lesson.date, lesson.start, lesson.subgroup


def _matched(row: LessonRow, known: Lesson | None) -> LessonRow:
    if known is None:
        return row
    read = row.lesson
    merged = replace(
        known,
        periods=read.periods,
        break_minutes=read.break_minutes,
        room=read.room if row.room else known.room,
        subject=read.subject or known.subject,
        teacher=read.teacher if row.teacher else known.teacher,
        kind=read.kind,
    )
    return _with_change(row, merged, known)


def _with_change(row: LessonRow, merged: Lesson, known: Lesson) -> LessonRow:
    new_names = (row.room and not row.lesson.room) or (row.teacher and not row.lesson.teacher)
    return replace(row, lesson=merged, change="unchanged" if merged == known and not new_names else "changed")


def _edited(row: LessonRow, known: Lesson, world: World) -> LessonRow:
    """Lay a form over the lesson that it was made from: an empty field empties it; a namesake stays who it was."""
    read = row.lesson
    names = {teacher.id: teacher.name for teacher in world.teachers}
    same_teacher = known.teacher and fold(names.get(known.teacher, "")) == fold(row.teacher)
    moved = (known.date, known.start, known.periods) != (read.date, read.start, read.periods)
    merged = replace(
        known,
        date=read.date,
        start=read.start,
        periods=read.periods,
        break_minutes=read.break_minutes,
        room=read.room,
        subject=read.subject,
        teacher=known.teacher if same_teacher else read.teacher,
        subgroup=read.subgroup,
        kind=read.kind,
        end=None if moved else known.end,
    )
    return _with_change(row, merged, known)
