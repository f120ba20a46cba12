"""How long the rules take: replay of cases."""

from __future__ import annotations

import time as stopwatch
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from edge_agent.cli.bench import Bench
from edge_agent.model.lesson import Lesson
from edge_agent.policies import load_policy
from edge_agent.rules.policy import Policy
from edge_agent.rules.replay import Case, replay
from edge_agent.rules.revise import Edit
from edge_agent.rules.windows import lesson_times


def run(
    cases: Annotated[int, typer.Option(min=1, help="Days of one trainee to replay.")] = 500,
    policy: Annotated[str, typer.Option(help="Policy by name or path.")] = "jinan-2024",
) -> Bench:
    judged = load_policy(policy).policy
    made = [_case(number, judged) for number in range(cases)]
    began = stopwatch.perf_counter()
    for case in made:
        replay(case, judged)
    replay_s = stopwatch.perf_counter() - began
    return Bench("rules", {"cases": cases, "replay_s": round(replay_s, 4)}, {})


def _case(number: int, policy: Policy) -> Case:
    """A day of four lessons, one of them overrun, with a tap at each end of each lesson."""
    day = date(2026, 3, 2) + timedelta(days=number % 60)
    lessons = tuple(
        Lesson(f"L{hour}", "C", day, time(hour, number % 30), periods=1 + (number + hour) % 3)
        for hour in (8, 11, 14, 17)
    )
    taps: list[datetime] = []
    for lesson in lessons:
        taught = lesson_times(lesson, policy).taught
        taps += [taught.start, taught.start + taught.length / 2, taught.end]
    start = lesson_times(lessons[0], policy).start
    overrun = (start + timedelta(hours=2, minutes=30)).time()
    return Case(lessons, tuple(taps), (Edit(start + timedelta(minutes=20), "L8", {"end": overrun}),))
