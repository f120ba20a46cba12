"""Limits of a class, of its teachers and of its submission: warnings to tick, never silent refusals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from edge_agent.model.people import Teacher, TrainingClass
from edge_agent.rules.policy import Policy
from edge_agent.rules.reasons import Code, Reason, Remedy


def teachers_needed(trainees: int, policy: Policy) -> int:
    """At least one teacher for each so many trainees."""
    return -(-trainees // policy.class_limits.trainees_per_teacher)


def class_size(trainees: int, training: TrainingClass, policy: Policy) -> Iterator[Reason]:
    """A larger class needs an exception that names its document."""
    most = policy.class_limits.most_trainees
    if trainees > most and not training.size_exception:
        yield Reason(Code.CLASS_TOO_LARGE, {"trainees": trainees, "most": most}, Remedy.NAME_EXCEPTION)


def teaching_staff(teachers: Iterable[Teacher], trainees: int, policy: Policy) -> Iterator[Reason]:
    """Checked again when a substitute takes a lesson: RULES, reading 18."""
    staff = {teacher.id: teacher for teacher in teachers}
    required = teachers_needed(trainees, policy)
    if len(staff) < required:
        yield Reason(Code.TEACHERS_FEW, {"teachers": len(staff), "needed": required}, Remedy.ADD_TEACHER)
    full_time = sum(teacher.full_time for teacher in staff.values())
    if full_time < policy.class_limits.full_time_teachers:
        params = {"teachers": full_time, "needed": policy.class_limits.full_time_teachers}
        yield Reason(Code.FULL_TIME_FEW, params, Remedy.ADD_TEACHER)
    for teacher in staff.values():
        if not teacher.confirmed:
            yield Reason(Code.TEACHER_UNCONFIRMED, {"teacher": teacher.id})


def online_share_fits(online: float, required: int, policy: Policy) -> bool:
    """Say whether `online` of the approved periods lie within the policy's share; none at all always do."""
    least, most = policy.online.least_percent, policy.online.most_percent
    return not online or least * required <= online * 100 <= most * required


def online_share(training: TrainingClass, policy: Policy) -> Iterator[Reason]:
    if not online_share_fits(training.online_required, training.required_periods, policy):
        percent = round(training.online_required * 100 / max(training.required_periods, 1), 1)
        params = {"percent": percent, "least": policy.online.least_percent, "most": policy.online.most_percent}
        yield Reason(Code.ONLINE_SHARE, params)


def lacking(training: TrainingClass) -> tuple[str, ...]:
    """Name the fields without which a class can't be submitted: a draft out of a roster alone knows none of them."""
    return tuple(name for name in ("opens", "closes", "required_periods") if not getattr(training, name))


def submission(training: TrainingClass, today: date, policy: Policy) -> Iterator[Reason]:
    """提交开班审核 later than the lead days before the opening is said, and goes on. Without dates: see `lacking`."""
    if training.opens is None:
        return
    days = (training.opens - today).days
    if days < policy.submission.lead_days:
        yield Reason(Code.SUBMITTED_LATE, {"days": days, "lead": policy.submission.lead_days})
