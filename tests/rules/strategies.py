"""Timetables, edits and taps as they come, and as they ought not to."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from edge_agent.model.lesson import Lesson
from edge_agent.policies import load_policy
from edge_agent.rules.policy import Policy
from edge_agent.rules.replay import Case
from edge_agent.rules.revise import Changes, Edit
from edge_agent.rules.windows import attendance_units
from tests.rules.brute import DAY, MINUTE, moment

JINAN = load_policy("jinan-2024").policy
DAILY = load_policy("fixed-clock-daily").policy
RANDOM = load_policy("random-3plus2").policy
DEMO = load_policy("demo-minute").policy
MONDAY = date(2026, 3, 2)

clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 5, 20, 30, 45]))
dates = st.sampled_from([MONDAY, MONDAY, MONDAY + timedelta(days=1)])
ends = st.none() | clock_times
breaks = st.sampled_from([0, 0, 5, 10, 20])
subgroups = st.sampled_from(["", "", "", "g1", "g2"])
rooms = st.sampled_from(["", "R1", "R2"])


def lesson_named(name: str) -> st.SearchStrategy[Lesson]:
    return st.builds(
        Lesson,
        id=st.just(name),
        class_id=st.just("C"),
        date=dates,
        start=clock_times,
        periods=st.integers(1, 5),
        break_minutes=breaks,
        room=rooms,
        subgroup=subgroups,
        end=ends,
        cancelled=st.sampled_from([False, False, False, True]),
    )


timetables = st.integers(1, 4).flatmap(lambda count: st.tuples(*(lesson_named(name) for name in "ABCD"[:count])))

changes = st.fixed_dictionaries(
    {},
    optional={
        "date": dates,
        "start": clock_times,
        "periods": st.integers(1, 5),
        "break_minutes": breaks,
        "end": ends,
        "cancelled": st.booleans(),
    },
)


def edits_of(lessons: tuple[Lesson, ...]) -> st.SearchStrategy[tuple[Edit, ...]]:
    def edit(minute: int, lesson: Lesson, change: Changes) -> Edit:
        return Edit(moment(minute * MINUTE), lesson.id, change)

    return st.lists(
        st.builds(edit, st.integers(0, 2 * DAY // MINUTE), st.sampled_from(lessons), changes), max_size=3
    ).map(tuple)


def _edges(lessons: tuple[Lesson, ...], policy: Policy) -> list[datetime]:
    windows = [window for unit in attendance_units(lessons, policy) for window in (unit.sign_in, unit.sign_out)]
    return [edge for window in windows for edge in (window.start, window.end)] or [moment(0)]


def taps_of(lessons: tuple[Lesson, ...], policy: Policy) -> st.SearchStrategy[datetime]:
    """Taps at the windows' ends, a second or much less beside them, and anywhere."""
    near = st.builds(
        lambda edge, beside: edge + timedelta(seconds=beside),
        st.sampled_from(_edges(lessons, policy)),
        st.sampled_from([-600, -1, -0.001, 0, 0, 0.000001, 0.999, 1, 120]),
    )
    return near | st.integers(-DAY // MINUTE, 3 * DAY // MINUTE).map(lambda minute: moment(minute * MINUTE))


@st.composite
def cases(draw: st.DrawFn, policy: Policy = JINAN, *, edited: bool = True) -> Case:
    lessons = draw(timetables)
    edits = draw(edits_of(lessons)) if edited else ()
    taps = draw(st.lists(taps_of(lessons, policy), max_size=12))
    return Case(lessons, tuple(taps), edits, draw(subgroups))
