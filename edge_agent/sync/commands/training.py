"""Rosters, timetables, teachers and confirmations: what the centre owns, or has a word on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from edge_agent.errors import NotFoundError
from edge_agent.model.kinds.plan import ClassStateChanged, EditConfirmed
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.people import ClassState, Owner, Teacher, Trainee, TrainingClass
from edge_agent.rules.ownership import Decision, Version, decide
from edge_agent.rules.states import Action, after
from edge_agent.store import commands, documents, lessons, outbox, training
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction
from edge_agent.sync.commands.outcome import Done
from edge_agent.sync.contract.codes import Code, RefusedError
from edge_agent.sync.contract.commands import Confirm, LessonRow, Roster, Teachers, Timetable, TraineeRow


def save_roster(tx: Transaction, args: Roster, by: str) -> Done:
    """Store the class and its whole roster, unless what is stored is as new or newer."""
    stored = _find_class(tx.connection, args)
    version = None if stored is None else Version(stored.owner, stored.revision)
    if _decide(version, args.revision, f"class {args.class_id}") is Decision.KNOWN:
        return Done({"known": True})
    _refuse_doubles("trainees[].document", (row.document for row in args.trainees))
    _refuse_doubles("trainees[].id", (row.id for row in args.trainees))
    training.save_class(
        tx,
        TrainingClass(
            id=args.class_id,
            code=args.code,
            name=args.name,
            category=args.category,
            opens=args.opens,
            closes=args.closes,
            required_periods=args.required_periods,
            online_required=args.online_required,
            state=ClassState(args.state),
            policy=args.policy,
            owner=Owner.CENTRE if stored is None else stored.owner,
            revision=args.revision,
            size_exception=args.size_exception,
            opened_by_hand=stored is not None and stored.opened_by_hand,
        ),
        by=by,
    )
    state = ClassState(args.state)
    if stored is None or stored.state is not state:
        tx.append(ClassStateChanged(class_id=args.class_id, state=state.value, revision=args.revision), by=by)
    known = {trainee.id: trainee for trainee in training.list_trainees(tx.connection, args.class_id, inactive=True)}
    left = [
        replace(trainee, active=False)
        for trainee in known.values()
        if trainee.active and trainee.id not in {row.id for row in args.trainees}
    ]
    # Those who left come first: a document number may pass from one row to another.
    training.save_trainees(tx, left)
    training.save_trainees(tx, [_trainee(tx.connection, args, row, known) for row in args.trainees])
    document = documents.save_roster(tx, args.class_id, by=by, confirmed=True)
    outbox.mark_document_sent(tx, document.id)
    return Done({"trainees": len(args.trainees), "left": len(left), "document": document.id})


def save_timetable(tx: Transaction, args: Timetable, by: str) -> Done:
    """Store lessons, all of them or, where one is older than what is stored, none."""
    training.get_class(tx.connection, args.class_id)
    _refuse_doubles("lessons[].id", (row.id for row in args.lessons))
    saved = [lesson for row in args.lessons if (lesson := _save_lesson(tx, args.class_id, row, by)) is not None]
    if saved:
        document = documents.save_timetable(tx, args.class_id, saved, by=by)
        outbox.mark_document_sent(tx, document.id)
    return Done({"saved": [lesson.id for lesson in saved], "known": len(args.lessons) - len(saved)})


def save_teachers(tx: Transaction, args: Teachers, by: str) -> Done:
    """Store the district's list; instructors whom it no longer names stay until their lessons are over."""
    held = commands.find_mark(tx.connection, "teachers")
    if args.revision < held:
        raise RefusedError(Code.STALE, f"The list of teachers here is of revision {held}, this is {args.revision}.")
    if args.revision == held:
        return Done({"known": True})
    _refuse_doubles("teachers[].id", (row.id for row in args.teachers))
    training.save_teachers(
        tx,
        (
            Teacher(row.id, row.name, row.full_time, row.phone, confirmed=True, classes=tuple(row.classes))
            for row in args.teachers
        ),
    )
    commands.set_mark(tx, "teachers", args.revision)
    document = documents.save_teacher_list(tx, owner=Owner.CENTRE, by=by)
    outbox.mark_document_sent(tx, document.id)
    return Done({"teachers": len(args.teachers)})


def confirm(tx: Transaction, args: Confirm, by: str) -> Done:
    """Put the centre's word on a pending edit on the record; a lesson's edit is no longer pending then.

    Its word on a submitted class is the district's approval, or gives the class back to the venue as a draft.
    """
    if args.document == "lesson":
        lessons.get_lesson(tx.connection, args.id)
        if args.accepted:
            lessons.confirm_lesson(tx, args.id, args.revision)
    if args.document == "class":
        _approve(tx, args, by)
    tx.append(
        EditConfirmed(
            document=args.document, id=args.id, revision=args.revision, accepted=args.accepted, reason=args.reason
        ),
        by=by,
    )
    return Done()


def _approve(tx: Transaction, args: Confirm, by: str) -> None:
    """A class that changed since the district looked at it must be looked at again."""
    known = training.get_class(tx.connection, args.id)
    if known.revision != args.revision:
        raise RefusedError(
            Code.STALE, f"class {args.id} stands at revision {known.revision}, this is about {args.revision}."
        )
    moved = after(known.state, Action.APPROVE if args.accepted else Action.REJECT)
    if moved is not None:
        training.set_class_state(tx, args.id, moved, by=by)


def _save_lesson(tx: Transaction, class_id: str, row: LessonRow, by: str) -> Lesson | None:
    """Store one lesson; None where this version is here already."""
    known, owned = lessons.find_lesson(tx.connection, row.id), lessons.find_owned(tx.connection, row.id)
    if known is not None and known.class_id != class_id:
        raise RefusedError(Code.INVALID, f"Lesson {row.id} belongs to class {known.class_id}.")
    version = None
    if owned is not None:
        pending = owned.owner is Owner.CENTRE and not owned.confirmed
        version = Version(owned.owner, owned.revision, int(pending))
    if _decide(version, row.revision, f"lesson {row.id}") is Decision.KNOWN:
        return None
    if row.room and row.room not in training.list_rooms(tx.connection):
        training.save_room(tx, row.room, row.room, by=by)
    wanted = Lesson(
        id=row.id,
        class_id=class_id,
        date=row.date,
        start=row.start,
        periods=row.periods,
        break_minutes=row.break_minutes,
        room=row.room,
        subject=row.subject,
        teacher=row.teacher,
        subgroup=row.subgroup,
        cameras=tuple(row.cameras),
        kind=LessonKind(row.kind),
        end=row.end,
        cancelled=row.cancelled,
        cancel_reason=row.cancel_reason,
        revision=known.revision if known else 1,
    )
    return lessons.save_lesson(
        tx,
        wanted,
        change=lessons.change_of(known, wanted),
        by=by,
        owner=owned.owner if owned else Owner.CENTRE,
        confirmed=True,
        revision=row.revision,
    )


def _find_class(connection: Connection, args: Roster) -> TrainingClass | None:
    same = training.find_class(connection, args.code)
    if same is not None and same.id != args.class_id:
        raise RefusedError(
            Code.INVALID, f"code {args.code} is class {same.id} here.", do=f"Send it as class_id {same.id}."
        )
    try:
        return training.get_class(connection, args.class_id)
    except NotFoundError:
        return None


def _trainee(connection: Connection, args: Roster, row: TraineeRow, known: Mapping[str, Trainee]) -> Trainee:
    old = known.get(row.id)
    if old is None and training.find_trainee(connection, row.id) is not None:
        raise RefusedError(Code.INVALID, f"Trainee {row.id} belongs to another class.")
    return Trainee(
        id=row.id,
        class_id=args.class_id,
        name=row.name,
        document=row.document,
        phone=row.phone,
        document_type=row.document_type,
        subgroup=row.subgroup,
        online_periods=row.online_periods,
        certificate=row.certificate,
        verified=row.verified or (old is not None and old.verified),
        revision=args.revision,
    )


def _decide(version: Version | None, revision: int, what: str) -> Decision:
    """Ask the rule of ownership; a refusal names what is stored."""
    decision = decide(version, revision, by=Owner.CENTRE)
    if decision is Decision.STALE and version is not None:
        code = Code.STALE if version.owner is Owner.CENTRE else Code.NOT_OWNER
        raise RefusedError(
            code,
            f"{what} stands at revision {version.revision} of the {version.owner.value}, this is {revision}.",
            do="Make it anew from the stored version.",
        )
    return decision


def _refuse_doubles(field: str, values: Iterable[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        raise RefusedError(Code.INVALID, f"{field}: {len(twice)} of them stand there twice.")
