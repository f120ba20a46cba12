"""Once under double clicks, two kiosks and restarts; by hand; two classes of one person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from edge_agent.checkin.desk import Desk, Pressed
from edge_agent.checkin.visit import Reply, Said, Visit
from edge_agent.errors import InputError, NotFoundError
from edge_agent.model.fact import Fact
from edge_agent.model.people import ClassState
from edge_agent.store.attendance import of_class
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Writer
from tests.venue import Venue, at, policies, reading


def facts(venue: Venue, *kinds: str) -> list[Fact]:
    with reading(venue.database) as connection:
        return list(read_facts(connection, kinds=kinds or ("attendance.",)))


def visit(
    venue: Venue, identifier: str, time: str = "", *, room: str = "", method: Literal["face", "manual"] = "face"
) -> Visit:
    if time:
        venue.clock.set(at(time))
    reason = "摄像头未识别" if method == "manual" else ""
    return Visit(id=identifier, stamp=venue.clock.stamp(), method=method, room=room, kiosk="k1", reason=reason)


def said(replies: list[Reply]) -> list[tuple[str, str]]:
    return [(reply.said.value, reply.unit) for reply in replies]


@pytest.fixture(autouse=True)
def lesson(venue: Venue) -> None:
    venue.add_class()
    venue.add_trainee()
    venue.add_lesson("A", "08:00")


def test_many_clicks_on_two_kiosks_count_once(venue: Venue, desk: Desk) -> None:
    """The second desk is another process's: its own connection, its own lock."""
    other = Writer(venue.database, venue.clock)
    desks = (desk, Desk(other, policies))
    venue.clock.set(at("07:50"))
    with ThreadPoolExecutor(8) as pool:
        taps = [pool.submit(desks[n % 2].tap, "t1", visit(venue, f"v{n}")) for n in range(40)]
        replies = [said(tap.result()) for tap in taps]
    other.close()
    assert replies.count([("signed_in", "A/1")]) == 1
    assert replies.count([("already_signed_in", "A/1")]) == 39
    assert [fact.kind for fact in facts(venue)] == ["attendance.signed_in"]


def test_a_visit_sent_again_is_answered_again(venue: Venue, desk: Desk) -> None:
    venue.add_lesson("B", "09:40")
    desk.tap("t1", visit(venue, "v1", "07:50"))
    both = visit(venue, "v2", "09:35")
    first = desk.tap("t1", both)
    assert said(first) == [("signed_out", "A/1"), ("signed_in", "B/1")]
    assert said(desk.tap("t1", both)) == said(first)
    closing, opening = facts(venue)[1:]
    assert (closing.data["visit"], closing.data["unit"]) == (opening.data["visit"], "A/1") == ("v2", "A/1")


def test_a_restart_between_two_taps_changes_nothing(venue: Venue, desk: Desk) -> None:
    desk.tap("t1", visit(venue, "v1", "07:50"))
    venue.writer.close()
    venue.writer = Writer(venue.database, venue.clock)
    again = Desk(venue.writer, policies)
    assert said(again.tap("t1", visit(venue, "v2", "07:51"))) == [("already_signed_in", "A/1")]
    assert said(again.tap("t1", visit(venue, "v3", "09:29"))) == [("signed_out", "A/1")]


def test_the_fact_names_policy_revision_kiosk_and_moment(venue: Venue, desk: Desk) -> None:
    desk.tap("t1", visit(venue, "v1", "07:50"))
    (fact,) = facts(venue)
    assert fact.policy == policies("jinan-2024").stamp
    assert (fact.data["revision"], fact.data["kiosk"], fact.data["method"]) == (1, "k1", "face")
    assert fact.data["at"] == "2024-10-07T23:50:00.000Z"


def test_what_earns_nothing_is_on_the_record_when_it_may_be_asked_about(venue: Venue, desk: Desk) -> None:
    assert said(desk.tap("t1", visit(venue, "v0", "07:00"))) == [("outside", "")]
    assert said(desk.tap("t1", visit(venue, "v1", "08:16"))) == [("too_late", "A/1")]
    assert said(desk.tap("t1", visit(venue, "v2", "09:30"))) == [("not_signed_in", "A/1")]
    assert [fact.data["outcome"] for fact in facts(venue)] == ["too_late", "not_signed_in"]


def test_classes_that_do_not_run_sign_nobody_in(venue: Venue, desk: Desk) -> None:
    venue.add_class("c2", state=ClassState.DRAFT)
    venue.add_trainee("t2", "c2")
    venue.add_lesson("X", "08:00", class_id="c2")
    assert said(desk.tap("t2", visit(venue, "v1", "07:50"))) == [("no_lesson", "")]
    with pytest.raises(NotFoundError):
        desk.tap("nobody", visit(venue, "v2"))


class TestByHand:
    def press(
        self, desk: Desk, venue: Venue, time: str, direction: Literal["in", "out"], unit: str = "A/1", *who: str
    ) -> list[tuple[str, str]]:
        replies = desk.by_hand(
            who or ("t1",), Pressed(unit, direction), visit(venue, f"{time} {unit}", time, method="manual")
        )
        return [each for reply in replies.values() for each in said(reply)]

    def test_it_keeps_the_windows_of_a_face(self, venue: Venue, desk: Desk) -> None:
        assert self.press(desk, venue, "08:15:01", "in") == [("too_late", "A/1")]
        assert of_class(venue.writer.run(lambda tx: tx.connection), "c1") == []

    def test_many_at_once(self, venue: Venue, desk: Desk) -> None:
        people = [venue.add_trainee(f"m{n}") for n in range(49)]
        assert self.press(desk, venue, "07:50", "in", "A/1", *people) == [("signed_in", "A/1")] * 49
        assert self.press(desk, venue, "07:51", "in", "A/1", *people) == [("already_signed_in", "A/1")] * 49
        assert len(facts(venue)) == 49
        assert {fact.data["reason"] for fact in facts(venue)} == {"摄像头未识别"}

    def test_signing_in_closes_the_unit_before_as_a_face_would(self, venue: Venue, desk: Desk) -> None:
        venue.add_lesson("B", "09:40")
        self.press(desk, venue, "07:50", "in")
        pressed = self.press(desk, venue, "09:35", "in", "B/1")
        assert pressed == [("signed_out", "A/1"), ("signed_in", "B/1")]

    def test_signing_out_opens_nothing(self, venue: Venue, desk: Desk) -> None:
        venue.add_lesson("B", "09:40")
        self.press(desk, venue, "07:50", "in")
        assert self.press(desk, venue, "09:35", "out") == [("signed_out", "A/1")]
        assert self.press(desk, venue, "09:36", "in", "B/1") == [("signed_in", "B/1")]

    def test_a_button_never_does_the_other_thing(self, venue: Venue, desk: Desk) -> None:
        self.press(desk, venue, "07:50", "in")
        assert self.press(desk, venue, "09:30", "in") == [("already_signed_in", "A/1")]
        assert [fact.kind for fact in facts(venue)] == ["attendance.signed_in"]

    def test_one_wrong_name_takes_back_the_batch(self, venue: Venue, desk: Desk) -> None:
        with pytest.raises(NotFoundError, match="nobody"):
            self.press(desk, venue, "07:50", "in", "A/1", "t1", "nobody")
        assert facts(venue) == []

    def test_a_reason_is_wanted(self, venue: Venue, desk: Desk) -> None:
        bare = Visit(id="v1", stamp=venue.clock.stamp(), method="manual", reason="  ")
        with pytest.raises(InputError, match="reason"):
            desk.by_hand(["t1"], Pressed("A/1", "in"), bare)


class TestTwoClasses:
    def test_the_same_minutes_are_a_conflict_and_the_kiosks_room_goes_first(self, venue: Venue, desk: Desk) -> None:
        venue.add_class("c2")
        venue.add_trainee("t1", document="D")
        venue.add_trainee("t2", "c2", document="D")
        venue.add_lesson("A", "08:00", room="r1", revision=1)
        venue.add_lesson("X", "08:10", class_id="c2", room="r2")
        assert said(desk.tap("t1", visit(venue, "v1", "08:05", room="r2"))) == [("signed_in", "A/1")]
        (conflict,) = facts(venue, "attendance.conflict")
        assert set(conflict.data["units"]) == {"A/1", "X/1"}
        replies = desk.tap("t2", visit(venue, "v2", "08:06"))
        assert [(reply.said, reply.until) for reply in replies] == [(Said.HELD, at("09:29"))]

    def test_beginning_together_the_room_decides(self, venue: Venue, desk: Desk) -> None:
        venue.add_class("c2")
        venue.add_trainee("t1", document="D")
        venue.add_trainee("t2", "c2", document="D")
        venue.add_lesson("A", "08:00", room="r1", revision=1)
        venue.add_lesson("X", "08:00", class_id="c2", room="r2")
        (reply,) = desk.tap("t1", visit(venue, "v1", "08:05", room="r2"))
        assert (reply.said, reply.unit, reply.trainee, reply.class_id) == (Said.SIGNED_IN, "X/1", "t2", "c2")

    def test_one_after_the_other_is_no_conflict(self, venue: Venue, desk: Desk) -> None:
        venue.add_class("c2")
        venue.add_trainee("t1", document="D")
        venue.add_trainee("t2", "c2", document="D")
        venue.add_lesson("X", "09:40", class_id="c2")
        desk.tap("t1", visit(venue, "v1", "08:05"))
        both = desk.tap("t2", visit(venue, "v2", "09:35"))
        assert [(reply.said.value, reply.trainee) for reply in both] == [("signed_out", "t1"), ("signed_in", "t2")]
        assert facts(venue, "attendance.conflict") == []
