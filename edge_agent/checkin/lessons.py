"""What an instructor changes in a lesson: 代课, 提前下课, 延时下课, 取消. Each is a revision with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from edge_agent.checkin.person import Policies
from edge_agent.errors import ConflictError, ForbiddenError, InputError
from edge_agent.model.kinds.plan import TeacherSubstituted
from edge_agent.model.lesson import Lesson
from edge_agent.rules.limits import teaching_staff
from edge_agent.rules.reasons import Reason
from edge_agent.rules.windows import LessonTimes, lesson_times
from edge_agent.store.lessons import get_lesson, save_lesson
from edge_agent.store.training import get_class, list_teachers, list_trainees
from edge_agent.store.writer import Transaction

LONGEST_OVERRUN = timedelta(hours=3)


def end_early(tx: Transaction, lesson: str, *, at: datetime, reason: str, by: str, policies: Policies) -> Lesson:
    """提前下课 at `at`: the whole periods that were held count (RULES, reading 12)."""
    known, times = _under_way(tx, lesson, reason, policies)
    if not times.start < at < times.end:
        raise ConflictError("The lesson isn't being taught now (现在不在上课时间).", do="Cancel it, or edit it.")
    ended = replace(known, end=at.astimezone(times.start.tzinfo).time().replace(microsecond=0))
    return save_lesson(tx, ended, change="ended_early", by=by, reason=reason)


def overrun(tx: Transaction, lesson: str, *, end: datetime, reason: str, by: str, policies: Policies) -> Lesson:
    """延时下课: the sign-out and the recording's end move, the credit stays."""
    known, times = _under_way(tx, lesson, reason, policies)
    if not times.scheduled_end < end <= times.scheduled_end + LONGEST_OVERRUN:
        raise InputError("end: not within three hours after the timetable's (延时应在下课后三小时内).")
    later = replace(known, end=end.astimezone(times.start.tzinfo).time().replace(microsecond=0))
    return save_lesson(tx, later, change="overrun", by=by, reason=reason)


def cancel(tx: Transaction, lesson: str, *, reason: str, by: str, policies: Policies) -> Lesson:
    """取消: nothing of it counts any more."""
    known, _ = _under_way(tx, lesson, reason, policies)
    return save_lesson(tx, replace(known, cancelled=True, cancel_reason=reason), change="edited", by=by)


def substitute(
    tx: Transaction, lesson: str, teacher: str, *, reason: str, by: str, may_add: bool, policies: Policies
) -> tuple[Lesson, tuple[Reason, ...]]:
    """代课: give the lesson and what must be warned of.

    An instructor chooses from the district's list; a teacher who is not confirmed needs the administrator (`may_add`)
    and shows as 待区县确认. The class's 1:25 is looked at again.
    """
    known, _ = _under_way(tx, lesson, reason, policies)
    teachers = {each.id: each for each in list_teachers(tx.connection)}
    chosen = teachers.get(teacher)
    if chosen is None:
        raise InputError(f"teacher: {teacher} is not on the list (讲师不在名单中).", do="Choose one of the list.")
    if not chosen.confirmed and not may_add:
        raise ForbiddenError(
            f"{chosen.name} is not confirmed by the district (该讲师待区县确认).", do="Ask an administrator."
        )
    saved = save_lesson(tx, replace(known, teacher=teacher), change="teacher", by=by, reason=reason)
    tx.append(
        TeacherSubstituted(
            lesson=lesson, teacher=teacher, replaces=known.teacher, reason=reason, confirmed=chosen.confirmed
        ),
        by=by,
    )
    staff = [each for each in teachers.values() if known.class_id in each.classes and each.id != known.teacher]
    trainees = len(list_trainees(tx.connection, known.class_id))
    policy = policies(get_class(tx.connection, known.class_id).policy).policy
    return saved, tuple(teaching_staff([*staff, chosen], trainees, policy))


def _under_way(tx: Transaction, lesson: str, reason: str, policies: Policies) -> tuple[Lesson, LessonTimes]:
    if not reason.strip():
        raise InputError("reason: empty (请填写原因).", do="Say why.")
    known = get_lesson(tx.connection, lesson)
    if known.cancelled:
        raise ConflictError(f"Lesson {lesson} is cancelled already (课程已取消).")
    return known, lesson_times(known, policies(get_class(tx.connection, known.class_id).policy).policy)
