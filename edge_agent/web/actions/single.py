"""One lesson or trainee out of a form, through the importer of tables: the same judgement, ticks and facts.

Imported when the first form comes, as `tables` is.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from edge_agent.errors import ConflictError, unknown
from edge_agent.intake.commit import Counts, Draft, Importer, Outcome, write_roster, write_timetable
from edge_agent.intake.roster import RosterDraft, draft_leaving, parse_trainee
from edge_agent.intake.single import LESSON, TRAINEE, Fields, field_of
from edge_agent.intake.stored import load_world
from edge_agent.intake.summary import summary
from edge_agent.intake.timetable import TimetableDraft, parse_lesson
from edge_agent.intake.values import Value
from edge_agent.intake.world import World
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.store.database import Connection
from edge_agent.store.lessons import get_lesson
from edge_agent.store.training import get_trainee
from edge_agent.store.writer import Transaction
from edge_agent.web.site import Site

D = TypeVar("D", bound=Draft)
Values = Mapping[str, Value]


def add_lesson(site: Site, class_id: str, values: Values, *, ticked: Iterable[str], by: str) -> dict[str, Any]:
    new = f"l-{secrets.token_hex(8)}"

    def parse(world: World) -> TimetableDraft:
        return parse_lesson(_named(world, values), world, _class(world, class_id), new=new)

    return _take(site, parse, write_timetable, LESSON, lambda _: new, ticked=ticked, by=by)


def change_lesson(
    site: Site, lesson: str, values: Values, *, revision: int, ticked: Iterable[str], by: str
) -> dict[str, Any]:
    """Give a lesson other values. Raises `ConflictError` unless it still is at `revision`, and where it was cancelled.

    It keeps its id, its cameras and the taps that it has.
    """
    with site.readers() as connection:
        get_lesson(connection, lesson)

    def parse(world: World) -> TimetableDraft:
        known = next((each for each in world.lessons if each.id == lesson), None)
        if known is None:
            raise ConflictError(
                "课程已取消，或班级已结班 / the lesson was cancelled, or its class is closed.",
                do="请另加一次课。Add another lesson.",
            )
        if known.revision != revision:
            raise _changed_meanwhile("课表", "The lesson")
        training = _class(world, known.class_id)
        return parse_lesson(_named(world, values), world, training, new=lesson, edited=known)

    return _take(site, parse, write_timetable, LESSON, lambda _: lesson, ticked=ticked, by=by)


def add_trainee(site: Site, class_id: str, values: Values, *, ticked: Iterable[str], by: str) -> dict[str, Any]:
    """Let somebody join a class; who was in it before comes back as the same trainee."""
    new = f"t-{secrets.token_hex(8)}"

    def parse(world: World) -> RosterDraft:
        return parse_trainee(values, world, _class(world, class_id), new=new)

    def joined(draft: RosterDraft) -> str:
        return draft.groups[0].rows[0].trainee.id

    return _take(site, parse, write_roster, TRAINEE, joined, ticked=ticked, by=by)


def change_trainee(
    site: Site, trainee: str, values: Values, *, revision: int, ticked: Iterable[str], by: str
) -> dict[str, Any]:
    """Give a trainee other values. Raises `ConflictError` unless they still are at `revision`, and where they left."""

    def parse(world: World) -> RosterDraft:
        known = _present(site, world, trainee, revision)
        return parse_trainee(values, world, _class(world, known.class_id), new=trainee, edited=known)

    return _take(site, parse, write_roster, TRAINEE, lambda _: trainee, ticked=ticked, by=by)


def leave(site: Site, trainee: str, *, revision: int, by: str) -> dict[str, Any]:
    """退出班级: the trainee leaves the roster, what is on record stays. Raises as `change_trainee` does."""

    def parse(world: World) -> RosterDraft:
        known = _present(site, world, trainee, revision)
        return draft_leaving(_class(world, known.class_id), known)

    return _take(site, parse, write_roster, TRAINEE, lambda _: trainee, ticked=(), by=by)


def _present(site: Site, world: World, trainee: str, revision: int) -> Trainee:
    with site.readers() as connection:
        get_trainee(connection, trainee)
    known = next((each for each in world.trainees if each.id == trainee and each.active), None)
    if known is None:
        raise ConflictError(
            "学员已退出，或班级已结班 / the trainee has left, or the class is closed.",
            do="请在班级里重新添加。Add them to the class again.",
        )
    if known.revision != revision:
        raise _changed_meanwhile("学员", "The trainee")
    return known


def _named(world: World, values: Values) -> Values:
    """Give a teacher whose id was sent the name that tables have."""
    names = {teacher.id: teacher.name for teacher in world.teachers}
    return {**values, "teacher": names.get(str(values["teacher"]), values["teacher"])}


def _class(world: World, class_id: str) -> TrainingClass:
    found = next((each for each in world.classes if each.id == class_id), None)
    if found is None:
        raise unknown(class_id, "班级", "class")
    return found


def _changed_meanwhile(zh: str, en: str) -> ConflictError:
    return ConflictError(
        f"{zh}已被他人修改 / {en} was changed meanwhile.", do="请刷新页面后重试。Load it again and repeat the change."
    )


def _take(
    site: Site,
    parse: Callable[[World], D],
    write: Callable[[Transaction, D, tuple[str, ...], str], Counts],
    fields: Fields,
    identifier: Callable[[D], str],
    *,
    ticked: Iterable[str],
    by: str,
) -> dict[str, Any]:
    now = site.now().wall

    def load(connection: Connection) -> World:
        return load_world(connection, now=now, policy=site.settings.policy)

    with site.readers() as connection:
        world = load(connection)
    done: Outcome[D] = Importer(site.writer, load, by).run(world, parse, write, ticked=ticked)
    told = summary(done)
    places = [field_of(fields, problem) for problem in done.draft.problems]
    problems = [each | {"field": place} for each, place in zip(told["problems"], places, strict=True)]
    return told | {"problems": problems, "id": identifier(done.draft)}
