"""A batch by hand is tied to a picture of the room, or to why there is none."""

from __future__ import annotations

from datetime import timedelta

from edge_agent.checkin.room import SNAPSHOT, ask_for_picture, note_pictures
from edge_agent.store import requests
from edge_agent.store.facts import read_facts
from tests.venue import Venue, reading


def note(venue: Venue) -> list[tuple[str, str, str]]:
    with reading(venue.database) as connection:
        note_pictures(venue.writer, connection, venue.clock.wall)
        note_pictures(venue.writer, connection, venue.clock.wall)
        facts = list(read_facts(connection, kinds=("attendance.room_snapshot",)))
    return [(fact.data["visit"], fact.data["sha256"], fact.data["cause"]) for fact in facts]


def test_taken_failed_and_never_answered(venue: Venue) -> None:
    for visit in ("v1", "v2"):
        venue.writer.run(lambda tx, visit=visit: ask_for_picture(tx, "A", visit, ["t1", "t2"], by="a"))  # type: ignore[misc]  # a lambda's default
        venue.clock.advance(1)
    assert note(venue) == []
    first, second = venue.writer.run(lambda tx: requests.take(tx, (SNAPSHOT,)))
    venue.writer.run(lambda tx: requests.answer(tx, first.id, {"media": "m", "sha256": "ab"}))
    venue.writer.run(lambda tx: requests.answer(tx, second.id, {"error": "no camera", "do": ""}, failed=True))
    assert note(venue) == [("v1", "ab", ""), ("v2", "", "no camera")]
    venue.writer.run(lambda tx: ask_for_picture(tx, "A", "v3", ["t1", "t2"], by="a"))
    venue.clock.advance(61)
    assert note(venue)[2:] == [("v3", "", "no answer")]


def test_other_requests_are_left_alone(venue: Venue) -> None:
    venue.writer.run(lambda tx: requests.ask(tx, SNAPSHOT, {"lesson": "A"}, by="a", ttl=timedelta(seconds=1)))
    venue.clock.advance(10)
    assert note(venue) == []
