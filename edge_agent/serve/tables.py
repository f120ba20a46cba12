"""Reads the office's tables for the centre, as they are read at a venue: the same reader, the same problems."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from edge_agent.central.work.tables import Content, Draft, Kind, Told, World
from edge_agent.intake.classes import ClassDraft, parse_classes
from edge_agent.intake.problems import Problem, Problems, Severity
from edge_agent.intake.roster import RosterGroup, parse_roster
from edge_agent.intake.teachers import TeachersDraft, parse_teachers
from edge_agent.intake.timetable import TimetableGroup, parse_timetable
from edge_agent.intake.world import World as Store
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.policies import load_policy, policy_names
from edge_agent.sync.contract.commands import LessonRow, Roster, TeacherRow, Teachers, Timetable, TraineeRow

POLICY = "jinan-2024"
"""What judges a class that a table makes, unless the table says another."""


class _CannotSendError(Exception):
    """A table that was read well, but can't go to a venue as it is: in Chinese and English."""


def read_table(kind: Kind, data: bytes, name: str, world: World, *, class_ref: str, ticked: frozenset[str]) -> Draft:
    """Read a table against what is known of the venue; what can't be sent is an error of the draft."""
    store = _store(world)
    if kind == "roster":
        roster = parse_roster(data, name, store, class_ref=class_ref)
        return _draft(roster.problems, ticked, lambda: [_roster(each) for each in roster.groups])
    if kind == "timetable":
        timetable = parse_timetable(data, name, store, class_ref=class_ref)
        return _draft(timetable.problems, ticked, lambda: [_timetable(each) for each in timetable.groups])
    if kind == "classes":
        classes = parse_classes(data, name, store)
        return _draft(classes.problems, ticked, lambda: [_class(store, each) for each in classes.classes])
    teachers = parse_teachers(data, name, store)
    return _draft(teachers.problems, ticked, lambda: [_teachers(teachers, world)])


def _draft(problems: Problems, ticked: frozenset[str], make: Callable[[], Sequence[Content]]) -> Draft:
    told = [_told(each) for each in problems]
    blocking = [_told(each) for each in problems.blocking(ticked)]
    if problems.errors:
        return Draft(told, blocking, [])
    try:
        send = [each for each in make() if not isinstance(each, Timetable) or each.lessons]
    except _CannotSendError as error:
        zh, en = error.args
        stop = Told("error", "文件", "file", zh, en, "")
        return Draft([*told, stop], [*blocking, stop], [])
    if not send:
        stop = Told("error", "文件", "file", "与现有数据完全相同，无需下发", "everything is there already", "")
        return Draft([*told, stop], [*blocking, stop], [])
    return Draft(told, blocking, send)


def _store(world: World) -> Store:
    names = {POLICY, *policy_names()}
    policies = {name: load_policy(name).policy for name in sorted(names)}
    known = tuple(each for each in world.classes if each.policy in policies)
    return Store(
        now=world.now.astimezone(policies[POLICY].zone),
        policy=POLICY,
        policies=policies,
        classes=known,
        trainees=world.trainees,
        lessons=tuple(each for each in world.lessons if each.class_id in {training.id for training in known}),
        teachers=world.teachers,
        rooms=world.rooms,
    )


def _roster(group: RosterGroup) -> Roster:
    rows = [*(row.trainee for row in group.rows), *group.others]
    return _whole(group.target, rows)


def _class(store: Store, target: ClassDraft) -> Roster:
    return _whole(target, store.active.get(target.training.id, ()) if target.training.id else ())


def _whole(target: ClassDraft, trainees: Sequence[Trainee]) -> Roster:
    known = target.training
    if known.opens is None or known.closes is None or not known.required_periods:
        raise _CannotSendError(
            f"班级“{known.name}”缺少开班时间、结班时间或课时，请先导入班级表",
            f"class {known.name} has no dates or periods: import the list of classes first",
        )
    return Roster(
        class_id=known.id or f"c-{secrets.token_hex(6)}",
        code=known.code or known.name,
        name=known.name,
        category=known.category,
        opens=known.opens,
        closes=known.closes,
        required_periods=known.required_periods,
        online_required=known.online_required,
        revision=known.revision + 1 if known.id else 1,
        policy=known.policy,
        state=_state(known),
        size_exception=known.size_exception,
        trainees=[_trainee(each) for each in trainees],
    )


State = Literal["submitted", "approved", "closed", "deleted"]
_STATES: Mapping[ClassState, State] = {
    ClassState.SUBMITTED: "submitted",
    ClassState.APPROVED: "approved",
    ClassState.CLOSED: "closed",
    ClassState.DELETED: "deleted",
}


def _state(known: TrainingClass) -> State:
    """What the centre sends is no draft: a new class is approved, a venue's draft is submitted with it."""
    return _STATES.get(known.state, "submitted" if known.id else "approved")


def _trainee(each: Trainee) -> TraineeRow:
    return TraineeRow(
        id=each.id or f"t-{secrets.token_hex(8)}",
        name=each.name,
        document=each.document,
        phone=each.phone,
        document_type=each.document_type,
        subgroup=each.subgroup,
        online_periods=each.online_periods,
        certificate=each.certificate,
        verified=each.verified,
    )


def _timetable(group: TimetableGroup) -> Timetable:
    known = group.target.training
    if not known.id:
        raise _CannotSendError(
            f"该培训点没有班级“{known.name}”，请先导入班级表", f"the venue has no class {known.name}: import it first"
        )
    unknown = sorted({row.teacher for row in group.rows if row.teacher and not row.lesson.teacher})
    if unknown:
        raise _CannotSendError(
            f"讲师不在名单中：{'、'.join(unknown)}，请先导入讲师表",
            f"not on the list of teachers: {', '.join(unknown)}; import it first",
        )
    return Timetable(
        class_id=known.id,
        lessons=[
            LessonRow(
                id=row.lesson.id or f"l-{secrets.token_hex(6)}",
                date=row.lesson.date,
                start=row.lesson.start,
                periods=row.lesson.periods,
                revision=row.lesson.revision + 1 if row.lesson.id else 1,
                break_minutes=row.lesson.break_minutes,
                room=row.lesson.room or row.room,
                subject=row.lesson.subject,
                teacher=row.lesson.teacher,
                subgroup=row.lesson.subgroup,
                cameras=list(row.lesson.cameras),
                kind=row.lesson.kind.value,
                end=row.lesson.end,
            )
            for row in group.rows
            if row.change != "unchanged"
        ],
    )


def _teachers(draft: TeachersDraft, world: World) -> Teachers:
    """The list is whole: those whom the file doesn't name stay on it."""
    read = [row.teacher for row in draft.rows]
    named = {each.id for each in read}
    return Teachers(
        revision=world.teachers_revision + 1,
        teachers=[
            TeacherRow(
                id=each.id or f"p-{secrets.token_hex(6)}",
                name=each.name,
                full_time=each.full_time,
                phone=each.phone,
                classes=list(each.classes),
            )
            for each in (*read, *(each for each in world.teachers if each.id not in named))
        ],
    )


def _told(problem: Problem) -> Told:
    key = problem.key if problem.severity is Severity.WARNING else ""
    return Told(problem.severity.value, problem.where_zh, problem.where_en, problem.zh, problem.en, key)
