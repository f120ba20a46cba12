"""What a class may be: checked by `rules/limits.py` with the numbers that it would have after the import."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from edge_agent.intake.problems import FILE, Place
from edge_agent.intake.report import Report
from edge_agent.intake.world import World
from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.people import Teacher, TrainingClass
from edge_agent.rules.limits import class_size, online_share_fits, teaching_staff
from edge_agent.rules.reasons import Code


def check_size(report: Report, world: World, training: TrainingClass, trainees: int) -> None:
    policy = world.policies[training.policy]
    most = policy.class_limits.most_trainees
    if any(class_size(trainees, training, policy)):
        report.add("class_full", name=training.name, count=trainees, most=most)
    elif trainees > most:
        report.add("class_exception", name=training.name, count=trainees, most=most, document=training.size_exception)


def check_teachers(
    report: Report,
    world: World,
    training: TrainingClass,
    *,
    trainees: int,
    known: Iterable[Teacher],
    unknown: AbstractSet[str] = frozenset(),
) -> None:
    """Compare the teachers of a class, known ones and names that are not on the list yet, with its trainees.

    A class without any teacher is not complained of: rosters are imported before timetables. Whether somebody who
    waits to be confirmed is full-time is not known.
    """
    staff = [*known, *(Teacher(name, name, full_time=False, confirmed=False) for name in sorted(unknown))]
    if not staff:
        return
    for reason in teaching_staff(staff, trainees, world.policies[training.policy]):
        words = {"name": training.name, "trainees": trainees, **reason.params}
        if reason.code is Code.TEACHERS_FEW:
            report.add("teachers_few", **words)
        elif reason.code is Code.FULL_TIME_FEW and all(teacher.confirmed for teacher in staff):
            report.add("teachers_part_time", **words)


def check_hours(report: Report, world: World, training: TrainingClass, lessons: Iterable[Lesson]) -> None:
    """Compare what is planned in the room with what is approved for it."""
    counts_exams = world.policies[training.policy].exam.counts_hours
    wanted = training.required_periods - training.online_required
    planned = sum(lesson.periods for lesson in lessons if counts_exams or lesson.kind is not LessonKind.EXAM)
    if training.required_periods and planned != wanted:
        report.add("hours_differ", planned=planned, wanted=wanted, name=training.name)


def check_share(
    report: Report, world: World, training: TrainingClass, online: float, *, code: str, place: Place = FILE
) -> None:
    """Compare online periods with the policy's share of the approved ones (20 to 40 %)."""
    policy = world.policies[training.policy]
    if training.required_periods and not online_share_fits(online, training.required_periods, policy):
        report.add(
            code,
            place,
            name=training.name,
            online=f"{online:g}",
            required=training.required_periods,
            percent=f"{online * 100 / training.required_periods:.0f}",
            least=policy.online.least_percent,
            most=policy.online.most_percent,
        )
