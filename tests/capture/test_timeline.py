"""Where packets with odd times stand on the axis; ticks of 1/1000 s, 25 frames a second."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.capture.timeline import Timeline

Times = tuple[int | None, int | None]


def axis() -> Timeline:
    return Timeline(Fraction(1, 1000), Fraction(25))


def place(timeline: Timeline, packets: Iterable[tuple[Times, float]]) -> list[Times]:
    """Give the (dts, pts) that packets with ((dts, pts), arrival) got."""
    placed = []
    for (dts, pts), at in packets:
        packet: av.Packet[av.stream.Stream] = av.Packet(b"x")
        packet.dts, packet.pts = dts, pts
        placed += [(one.dts, one.pts) for one in timeline.place(packet, at)]
    return placed


def steady(times: list[Times]) -> list[tuple[Times, float]]:
    return [(time, 100 + 0.04 * number) for number, time in enumerate(times)]


def test_good_times_are_left_alone() -> None:
    times: list[Times] = [(5000 + 40 * number, 5080 + 40 * number) for number in range(20)]
    assert place(axis(), steady(times)) == times


def test_a_first_keyframe_without_times_is_laid_before_the_next_packet() -> None:
    assert place(axis(), steady([(None, None), (40, 40), (80, 80)])) == [(0, 0), (40, 40), (80, 80)]


def test_b_frames_without_dts_are_laid_before_the_first_that_has_one() -> None:
    given_times: list[Times] = [(None, None), (None, 160), (None, 80), (40, 120), (80, 280)]
    assert place(axis(), steady(given_times)) == [(-80, 40), (-40, 160), (0, 80), (40, 120), (80, 280)]


def test_a_jump_goes_on_by_the_time_that_passed() -> None:
    timeline = axis()
    placed = place(timeline, steady([(0, 0), (40, 40), (600_080, 600_080), (600_120, 600_120), (160, 160)]))
    assert placed == [(0, 0), (40, 40), (80, 80), (120, 120), (160, 160)]
    assert timeline.jumps == 2


def test_a_pause_that_really_was_one_stays_a_pause() -> None:
    timeline = axis()
    assert place(timeline, [((0, 0), 100.0), ((8000, 8000), 108.1)]) == [(0, 0), (8000, 8000)]
    assert timeline.jumps == 0


def test_times_that_stand_still_or_are_missing_follow_the_arrival() -> None:
    assert place(axis(), steady([(0, 0)] * 4)) == [(0, 0), (40, 40), (80, 80), (120, 120)]
    placed = place(axis(), steady([(None, None)] * 100))
    assert [dts for dts, _ in placed] == pytest.approx([40 * number for number in range(100)], abs=1)


def test_when_a_packet_was_sent_is_told_by_the_one_that_waited_least() -> None:
    timeline = axis()
    instants = []
    for number, late in enumerate((0.2, 0.05, 0.3, 0.1)):
        place(timeline, [((2000 * number, 2000 * number), 100 + 2 * number + late)])
        instants.append(timeline.sent)
    assert instants == pytest.approx([100.2, 102.05, 104.05, 106.05], abs=0.01)


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-(2**40), 2**40), st.none() | st.integers(-(2**40), 2**40), st.floats(0, 30)),
        max_size=80,
    )
)
def test_whatever_comes_dts_rises_and_pts_is_not_before_it(raw: list[tuple[int | None, int | None, float]]) -> None:
    at, packets = 0.0, []
    for dts, pts, pause in raw:
        at += pause
        packets.append(((dts, pts), at))
    placed = place(axis(), packets)
    for (before, _), (after, _) in itertools.pairwise(placed):
        assert before is not None
        assert after is not None
        assert before < after
    assert all(dts is not None and pts is not None and pts >= dts for dts, pts in placed)
