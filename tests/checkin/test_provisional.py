"""Taps while the time is not known: kept, then judged by the time that an anchor gives, and the plan of that moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_agent.checkin.desk import Desk
from edge_agent.checkin.visit import Said, Visit
from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.stamp import Trust
from edge_agent.store.attendance import of_trainee
from edge_agent.store.facts import read_facts
from edge_agent.store.lessons import get_lesson
from edge_agent.store.provisional import count_waiting
from tests.venue import Venue, at, reading

WRONG = -3 * 86_400.0
"""Without a battery the clock starts three days back."""


@pytest.fixture(autouse=True)
def lesson(venue: Venue) -> None:
    venue.add_class()
    venue.add_trainee()
    venue.add_lesson("A", "08:00")
    venue.clock.set(at("07:40"))
    venue.clock.reboot(off=300)
    venue.clock.step(WRONG)


def tap(desk: Desk, venue: Venue, identifier: str) -> list[Said]:
    return [reply.said for reply in desk.tap("t1", Visit(id=identifier, stamp=venue.clock.stamp(), method="face"))]


def test_it_is_kept_and_judged_by_the_corrected_time(venue: Venue, desk: Desk) -> None:
    venue.clock.advance(300)  # 07:50
    assert tap(desk, venue, "v1") == [Said.PROVISIONAL]
    assert tap(desk, venue, "v1") == [Said.PROVISIONAL]
    assert desk.settle() == 0
    venue.clock.advance(3600)
    venue.clock.step(-WRONG)
    venue.clock.trust = Trust.SYNCED  # 08:50, and now known to be
    assert desk.settle() == 1
    assert desk.settle() == 0
    with reading(venue.database) as connection:
        (sign_in,) = of_trainee(connection, "t1")
        facts = list(read_facts(connection, kinds=("attendance.", "clock.anchor")))
    assert (sign_in.unit, sign_in.direction, sign_in.visit) == ("A/1", "in", "v1")
    assert abs((sign_in.at - at("07:50")).total_seconds()) < 0.001
    assert [fact.kind.rpartition(".")[2] for fact in facts] == ["provisional", "anchor", "signed_in", "judged"]
    assert facts[1].data["offset"] == pytest.approx(-WRONG)
    assert (facts[3].data["outcome"], facts[3].data["unit"]) == ("signed_in", "A/1")


def test_the_next_tap_waits_for_no_tick(venue: Venue, desk: Desk) -> None:
    """Provisional in, good time, out: the sign-in is judged before the sign-out is."""
    venue.clock.advance(300)
    tap(desk, venue, "v1")
    venue.clock.step(-WRONG)
    venue.clock.trust = Trust.SYNCED
    venue.clock.set(at("09:30"))
    assert tap(desk, venue, "v2") == [Said.SIGNED_OUT]


def test_the_plan_of_its_own_moment_judges(venue: Venue, desk: Desk) -> None:
    venue.clock.advance(300)
    tap(desk, venue, "v1")  # 07:50, for a lesson at 08:00
    with reading(venue.database) as connection:
        lesson = get_lesson(connection, "A")
    venue.save_lesson(replace(lesson, start=at("14:00").time()))
    venue.clock.step(-WRONG)
    venue.clock.trust = Trust.SYNCED
    desk.settle()
    with reading(venue.database) as connection:
        assert [tap.unit for tap in of_trainee(connection, "t1")] == ["A/1"]


def test_an_administrators_word_is_an_anchor(venue: Venue, desk: Desk) -> None:
    """No network at all: the clock stays untrusted, the taps of before are judged all the same, late by a window."""
    venue.clock.advance(40 * 60)  # 08:25
    tap(desk, venue, "v1")
    stamp = venue.clock.stamp()
    anchor = ClockAnchor(
        boot_id=stamp.boot_id,
        boottime=stamp.boottime,
        wall=at("08:25"),
        offset=-WRONG,
        max_error=30.0,
        source="administrator",
        opinions=("camera cam-1 +2 s",),
    )
    venue.writer.append(anchor, by="admin")
    assert desk.settle() == 1
    with reading(venue.database) as connection:
        judged = list(read_facts(connection, kinds=("attendance.judged",)))
        assert count_waiting(connection) == 0
    assert [(fact.data["outcome"], fact.data["max_error"]) for fact in judged] == [("too_late", 30.0)]


def test_what_no_anchor_reaches_waits(venue: Venue, desk: Desk) -> None:
    tap(desk, venue, "v1")
    venue.clock.reboot(off=60)
    venue.clock.step(-WRONG)
    venue.clock.trust = Trust.SYNCED
    assert desk.settle() == 0
    with reading(venue.database) as connection:
        assert count_waiting(connection) == 1
