"""How long the rules take: days replayed, and what a tick of the plan costs a venue of 20 classes."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import product
from time import perf_counter
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.model.lesson import Lesson, Timetable
from edge_agent.policies import load_policy
from edge_agent.rules.plan import Schedule
from edge_agent.rules.policy import Policy
from edge_agent.rules.replay import Case, replay
from edge_agent.rules.revise import Edit
from edge_agent.rules.windows import lesson_times

MONDAY = date(2026, 3, 2)
HOURS = (8, 11, 14, 17)
CLASSES, DAYS, TICKS = 20, 15, 600


def run(
    cases: Annotated[int, typer.Option(min=1, help="Days of one trainee to replay.")] = 500,
    policy: Annotated[str, typer.Option(help="Policy by name or path.")] = "jinan-2024",
) -> Bench:
    judged = load_policy(policy).policy
    made = [_case(number, judged) for number in range(cases)]
    began = perf_counter()
    for case in made:
        replay(case, judged)
    replay_s = perf_counter() - began
    timetable = _venue()
    began = perf_counter()
    schedule = Schedule(timetable, judged)
    compile_s = perf_counter() - began
    ticks = _ticks(schedule)
    figures = {
        "cases": cases,
        "replay_s": round(replay_s, 4),
        "lessons": len(timetable.lessons),
        "compile_s": round(compile_s, 4),
        "plan_ms": round(sum(ticks) / len(ticks) * 1000, 4),
        "plan_p99_ms": round(sorted(ticks)[len(ticks) * 99 // 100] * 1000, 4),
    }
    return Bench("rules", figures, {})


def _case(number: int, policy: Policy) -> Case:
    """A day of four lessons, one of them overrun, with a tap at each end of each lesson and one between."""
    day = MONDAY + timedelta(days=number % 60)
    lessons = tuple(Lesson(f"L{hour}", "C", day, time(hour, number % 30), 1 + (number + hour) % 3) for hour in HOURS)
    taps: list[datetime] = []
    for lesson in lessons:
        taught = lesson_times(lesson, policy).taught
        taps += [taught.start, taught.start + taught.length / 2, taught.end]
    start = lesson_times(lessons[0], policy).start
    overrun = (start + timedelta(hours=2, minutes=30)).time()
    return Case(lessons, tuple(taps), (Edit(start + timedelta(minutes=20), lessons[0].id, {"end": overrun}),))


def _venue() -> Timetable:
    """20 classes of 60 lessons, each class in its room with two cameras."""
    lessons = (
        Lesson(f"{room}-{day}-{hour}", f"C{room}", MONDAY + timedelta(days=day), time(hour), 2, 10, room=f"R{room}")
        for room, day, hour in product(range(CLASSES), range(DAYS), HOURS)
    )
    return Timetable(tuple(lessons), {f"R{room}": (f"door{room}", f"board{room}") for room in range(CLASSES)})


def _ticks(schedule: Schedule) -> list[float]:
    """Give the seconds that each tick of a teaching day took."""
    start = datetime.combine(MONDAY + timedelta(days=DAYS // 2), time(7, 30), schedule.policy.zone)
    took = []
    for minute in range(TICKS):
        began = perf_counter()
        schedule.plan(start + timedelta(minutes=minute))
        took.append(perf_counter() - began)
    return took
