"""What two lessons can't both have."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from edge_agent.model.span import Span
from edge_agent.rules.conflicts import Booking, Claim, Conflict, conflicts

START = datetime(2024, 10, 8, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def span(start: int, end: int) -> Span:
    return Span(START + timedelta(minutes=start), START + timedelta(minutes=end))


def claims(*bookings: Booking) -> list[Claim]:
    return [conflict.claim for conflict in conflicts(bookings)]


def test_lessons_that_touch_do_not_overlap() -> None:
    assert claims(Booking("a", span(0, 90)), Booking("a", span(90, 180))) == []
    assert claims(Booking("a", span(0, 90)), Booking("a", span(89, 180))) == [Claim.CLASS]


def test_subgroups_may_be_taught_side_by_side() -> None:
    one, two = Booking("a", span(0, 90), "1", room="r1"), Booking("a", span(0, 90), "2", room="r2")
    assert claims(one, two) == []
    assert claims(one, Booking("a", span(0, 90))) == [Claim.CLASS]
    assert claims(one, Booking("a", span(0, 90), "2", room="r1", teacher="t")) == [Claim.ROOM]


def test_two_classes_may_claim_one_room_teacher_or_trainee() -> None:
    one = Booking("a", span(0, 90), room="r", teacher="t", trainees=frozenset("xy"))
    two = Booking("b", span(30, 60), room="r", teacher="t", trainees=frozenset("yz"))
    assert list(conflicts([one, two])) == [
        Conflict(Claim.ROOM, 0, 1, same_class=False),
        Conflict(Claim.TEACHER, 0, 1, same_class=False),
        Conflict(Claim.TRAINEES, 0, 1, same_class=False, count=1),
    ]
    assert claims(one, Booking("b", span(30, 60))) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=8))
def test_every_overlapping_pair_is_found_once(times: list[tuple[int, int]]) -> None:
    bookings = [Booking("a", span(start, start + length)) for start, length in times]
    found = [frozenset((conflict.one, conflict.two)) for conflict in conflicts(bookings)]
    expected = {
        frozenset((one, two))
        for one in range(len(bookings))
        for two in range(one)
        if bookings[one].span.start < bookings[two].span.end and bookings[two].span.start < bookings[one].span.end
    }
    assert len(found) == len(set(found))
    assert set(found) == expected
