"""Trust, steps and anchors on the record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from edge_agent.clock import SettableClock
from edge_agent.model.anchor import Anchor, correct
from edge_agent.model.kinds.system import ClockAnchor, ClockStepped, ClockTrustChanged
from edge_agent.model.stamp import Trust
from edge_agent.upkeep.timekeeper import Timekeeper, confirmed_by_person

TRUE = datetime(2024, 10, 8, 0, 0, tzinfo=UTC)


def test_the_first_synchronisation_of_a_doubtful_boot_makes_an_anchor_that_sets_its_stamps_right() -> None:
    clock, keeper = SettableClock(datetime(1970, 1, 1, tzinfo=UTC), trust=Trust.UNTRUSTED), Timekeeper()
    [trust] = keeper.observe(clock.stamp())
    assert isinstance(trust, ClockTrustChanged)
    tap = clock.stamp()
    clock.advance(120)
    clock.wall, clock.trust = TRUE + timedelta(seconds=120), Trust.SYNCED
    step, trust, anchor = keeper.observe(clock.stamp())
    assert isinstance(step, ClockStepped)
    assert isinstance(trust, ClockTrustChanged)
    assert isinstance(anchor, ClockAnchor)
    assert anchor.offset == (TRUE - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    corrected = correct(tap, [Anchor(anchor.boot_id, anchor.boottime, anchor.wall, anchor.max_error)])
    assert corrected is not None
    assert abs(corrected.at - TRUE) < timedelta(milliseconds=1)
    clock.advance(1)
    assert keeper.observe(clock.stamp()) == [], "one anchor a boot"


def test_a_synchronised_boot_needs_no_anchor() -> None:
    clock, keeper = SettableClock(TRUE), Timekeeper()
    assert [type(fact) for fact in keeper.observe(clock.stamp())] == [ClockTrustChanged]
    clock.trust = Trust.HOLDOVER
    assert [type(fact) for fact in keeper.observe(clock.stamp())] == [ClockTrustChanged]
    clock.trust = Trust.SYNCED
    assert [type(fact) for fact in keeper.observe(clock.stamp())] == [ClockTrustChanged]


def test_a_step_is_said_with_its_size_and_sign() -> None:
    clock, keeper = SettableClock(TRUE), Timekeeper()
    keeper.observe(clock.stamp())
    clock.advance(1)
    clock.step(-60)
    [step] = keeper.observe(clock.stamp())
    assert isinstance(step, ClockStepped)
    assert step.step == -60


def test_a_person_may_confirm_the_time_with_second_opinions() -> None:
    clock = SettableClock(datetime(2020, 1, 1, tzinfo=UTC), trust=Trust.UNTRUSTED)
    anchor = confirmed_by_person(clock.stamp(), TRUE, opinions=("camera 2024-10-08T00:00:04Z",))
    assert (anchor.source, anchor.max_error, anchor.wall) == ("administrator", 60.0, TRUE)
    assert anchor.offset == (TRUE - clock.wall).total_seconds()
