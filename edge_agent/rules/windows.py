"""Lessons to periods, attendance units and their windows.

All instants bear the policy's time zone. RULES: "Figures", readings 1, 6, 11, 12 and 14.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from edge_agent.model.lesson import Lesson, LessonKind
from edge_agent.model.span import AttendanceUnit, Period, Span
from edge_agent.rules.policy import FixedClock, Policy, UnitWindows

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LessonTimes:
    """When a lesson starts, when its timetable says that it ends, and when it really ends or ended."""

    start: datetime
    scheduled_end: datetime
    end: datetime

    @property
    def taught(self) -> Span:
        return Span(self.start, self.end)

    @property
    def owed_end(self) -> datetime:
        """The end of what was promised and held: an overrun owes nothing more."""
        return min(self.end, self.scheduled_end)


def lesson_times(lesson: Lesson, policy: Policy) -> LessonTimes:
    """Give a lesson's times; an `end` that is not after the start is on the next day."""
    start = datetime.combine(lesson.date, lesson.start, policy.zone)
    breaks = timedelta(minutes=lesson.break_minutes) * (lesson.periods - 1)
    scheduled = start + policy.period.length * lesson.periods + breaks
    if lesson.end is None:
        return LessonTimes(start, scheduled, scheduled)
    end = datetime.combine(lesson.date, lesson.end, policy.zone)
    return LessonTimes(start, scheduled, end if end > start else end + _DAY)


def periods(lesson: Lesson, policy: Policy) -> tuple[Period, ...]:
    """Give the lesson's periods as the timetable has them; one that ends after the lesson did was not held."""
    times = lesson_times(lesson, policy)
    length, step = policy.period.length, policy.period.length + timedelta(minutes=lesson.break_minutes)
    return tuple(
        Period(
            lesson=lesson.id,
            number=number + 1,
            span=Span(times.start + step * number, times.start + step * number + length),
            held=not lesson.cancelled and times.start + step * number + length <= times.end,
        )
        for number in range(lesson.periods)
    )


def attendance_units(lessons: Iterable[Lesson], policy: Policy, subgroup: str = "") -> tuple[AttendanceUnit, ...]:
    """Give the units of a trainee of `subgroup`, in order: whole-class lessons, and those of the subgroup."""
    held = [lesson for lesson in lessons if not lesson.cancelled and lesson.subgroup in ("", subgroup)]
    units: Iterable[AttendanceUnit]
    if policy.fixed_clock is not None:
        units = _day_units(held, policy, policy.fixed_clock)
    elif policy.unit_windows is not None:
        units = [unit for lesson in held for unit in _lesson_units(lesson, policy, policy.unit_windows)]
    else:
        raise ValueError(f"policy {policy.id} has no windows; only a policy without problems can judge")
    return tuple(sorted(units, key=lambda unit: (unit.teaching.start, unit.id)))


def _lesson_units(lesson: Lesson, policy: Policy, windows: UnitWindows) -> Iterator[AttendanceUnit]:
    times = lesson_times(lesson, policy)
    every = periods(lesson, policy)
    size = len(every) if policy.pair_limit.basis == "off" else policy.pair_limit.periods
    for first in range(0, len(every), size):
        covered = every[first : first + size]
        start, end = covered[0].span.start, min(covered[-1].span.end, times.end)
        if start >= times.end:
            return
        if first + size >= len(every):  # an overrun moves the last unit's end alone
            end = times.end
        yield AttendanceUnit(
            id=f"{lesson.id}/{first // size + 1}",
            class_id=lesson.class_id,
            lessons=(lesson.id,),
            teaching=Span(start, end),
            periods=_earned(lesson, sum(period.held for period in covered), policy),
            sign_in=Span(start - windows.sign_in.before, start + windows.sign_in.after),
            sign_out=Span(end - windows.sign_out.before, end + windows.sign_out.after),
            subgroup=lesson.subgroup,
        )


def _day_units(lessons: Iterable[Lesson], policy: Policy, clock: FixedClock) -> Iterator[AttendanceUnit]:
    days: dict[tuple[str, date], list[Lesson]] = defaultdict(list)
    for lesson in lessons:
        days[lesson.class_id, lesson.date].append(lesson)
    for (class_id, day), together in days.items():
        times = [lesson_times(lesson, policy) for lesson in together]

        def at(moment: time, day: date = day) -> datetime:
            return datetime.combine(day, moment, policy.zone)

        yield AttendanceUnit(
            id=f"day/{day.isoformat()}",
            class_id=class_id,
            lessons=tuple(lesson.id for lesson in together),
            teaching=Span(min(each.start for each in times), max(each.end for each in times)),
            periods=sum(
                _earned(lesson, sum(period.held for period in periods(lesson, policy)), policy) for lesson in together
            ),
            sign_in=Span(at(clock.sign_in.opens), at(clock.sign_in.closes)),
            sign_out=Span(at(clock.sign_out.opens), at(clock.sign_out.closes)),
            subgroup=max(lesson.subgroup for lesson in together),
        )


def _earned(lesson: Lesson, held: int, policy: Policy) -> int:
    """Exam periods don't count as training hours unless the policy says so: RULES, reading 11."""
    return held if policy.exam.counts_hours or lesson.kind is not LessonKind.EXAM else 0
