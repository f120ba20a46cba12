"""Gaps and records make up what was expected; causes cover what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.model.span import Span
from edge_agent.rules.gaps import UNKNOWN, Cause, Gap, covered, gaps, merge

START = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def span(start: float, end: float) -> Span:
    return Span(START + SECOND * start, START + SECOND * end)


spans = st.tuples(st.integers(-20, 120), st.integers(0, 60)).map(lambda pair: span(pair[0], pair[0] + pair[1]))
causes = st.lists(st.builds(Cause, spans, st.sampled_from(["power", "offline", "refused"])), max_size=4)
LESSON = span(0, 100)


def seconds(of: Span) -> set[int]:
    """The whole seconds that a span covers: slow, and another way than sorting."""
    return {second for second in range(-20, 200) if of.start <= START + SECOND * second < of.end}


@settings(deadline=None)
@given(st.lists(spans, max_size=6), causes)
def test_gaps_and_records_make_up_what_was_expected(recorded: list[Span], why: list[Cause]) -> None:
    found = gaps(LESSON, recorded, why)
    missing = set().union(*(seconds(gap.span) for gap in found))
    there = set().union(*(seconds(each) for each in recorded)) & seconds(LESSON)
    assert missing | there == seconds(LESSON)
    assert not missing & there
    assert covered(LESSON, recorded) == SECOND * len(there)
    assert all(one.span.end <= two.span.start for one, two in pairwise(found))


@settings(deadline=None)
@given(st.lists(spans, max_size=6), causes)
def test_each_second_has_the_cause_that_began_last(recorded: list[Span], why: list[Cause]) -> None:
    for gap in gaps(LESSON, recorded, why):
        for second in seconds(gap.span):
            begun = [each.span.start for each in why if second in seconds(each.span)]
            codes = {each.code for each in why if second in seconds(each.span) and each.span.start == max(begun)}
            assert gap.cause in (codes or {UNKNOWN})


def test_a_hole_within_the_tolerance_is_none() -> None:
    recorded = [span(0, 40), span(41, 100)]
    assert gaps(LESSON, recorded, tolerance=SECOND) == ()
    assert gaps(LESSON, recorded, tolerance=SECOND / 2) == (Gap(span(40, 41), UNKNOWN),)


def test_a_sliver_joins_its_neighbour() -> None:
    """The camera was offline half a second after its last packet: that half second needs no explanation."""
    assert gaps(LESSON, [span(0, 40)], [Cause(span(40.5, 99.9), "offline")], tolerance=SECOND) == (
        Gap(span(40, 100), "offline"),
    )
    two = [Cause(span(40, 60), "power"), Cause(span(60, 100), "offline")]
    assert [gap.cause for gap in gaps(LESSON, [span(0, 40)], two, tolerance=SECOND)] == ["power", "offline"]


def test_spans_that_touch_are_one() -> None:
    assert merge([span(5, 9), span(0, 5), span(1, 2), span(20, 30)]) == [span(0, 9), span(20, 30)]
