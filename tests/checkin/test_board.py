"""What a room's kiosk shows, and whom it may recognise."""

from __future__ import annotations

from edge_agent.checkin.board import Board, board
from edge_agent.checkin.desk import Desk
from edge_agent.checkin.sheets import sheets_of_lesson
from edge_agent.checkin.visit import Visit
from edge_agent.model.people import ClassState
from edge_agent.model.stamp import Trust
from tests.venue import Venue, at, policies, reading


def look(venue: Venue, time: str, room: str = "r1") -> Board:
    venue.clock.set(at(time))
    with reading(venue.database) as connection:
        return board(connection, policies, room, venue.clock.stamp())


def names(found: Board) -> set[str]:
    return {row.id for person in found.people for row in person}


def test_a_day(venue: Venue) -> None:
    venue.add_class()
    venue.add_trainee()
    venue.add_lesson("A", "08:00", room="r1")
    venue.add_lesson("B", "09:40", room="r1")
    early = look(venue, "07:00")
    assert early.upcoming is not None
    assert early.upcoming.unit.id == "A/1"
    assert (early.signing_in, names(early)) == ((), set())
    assert names(look(venue, "07:15")) == {"t1"}
    assert [sheet.unit.id for sheet in look(venue, "07:45").signing_in] == ["A/1"]
    assert not look(venue, "07:59").teaching
    assert look(venue, "08:00").teaching
    between = look(venue, "09:35")
    assert [sheet.unit.id for sheet in between.signing_out + between.signing_in] == ["A/1", "B/1"]
    assert look(venue, "12:00").people == ()


def test_rooms_have_boards_of_their_own(venue: Venue) -> None:
    for number in (1, 2):
        venue.add_class(f"c{number}")
        venue.add_trainee(f"t{number}", f"c{number}")
        venue.add_lesson(f"L{number}", "08:00", class_id=f"c{number}", room=f"r{number}")
    assert names(look(venue, "07:50", "r1")) == {"t1"}
    assert names(look(venue, "07:50", "r2")) == {"t2"}
    assert names(look(venue, "07:50", "")) == {"t1", "t2"}


def test_one_person_in_two_classes_is_one_person(venue: Venue) -> None:
    for number in (1, 2):
        venue.add_class(f"c{number}")
        venue.add_trainee(f"t{number}", f"c{number}", document="D")
        venue.add_lesson(f"L{number}", "08:00", class_id=f"c{number}")
    assert [tuple(row.id for row in person) for person in look(venue, "07:50").people] == [("t1", "t2")]


def test_without_the_time_everybody_is_at_hand(venue: Venue) -> None:
    venue.add_class()
    venue.add_trainee()
    venue.add_class("c2", state=ClassState.CLOSED)
    venue.add_trainee("t2", "c2")
    venue.clock.trust = Trust.UNTRUSTED
    blind = look(venue, "07:00")
    assert (blind.trusted, blind.upcoming, names(blind)) == (False, None, {"t1"})


def test_a_sheet_counts_its_subgroup(venue: Venue, desk: Desk) -> None:
    venue.add_class()
    for group in ("甲", "乙"):
        venue.add_trainee(f"t-{group}", subgroup=group)
    venue.add_lesson("A", "08:00", subgroup="甲")
    venue.clock.set(at("07:50"))
    desk.tap("t-甲", Visit(id="v", stamp=venue.clock.stamp(), method="face"))
    with reading(venue.database) as connection:
        (sheet,) = sheets_of_lesson(connection, policies, "A")
    assert [trainee.id for trainee in sheet.trainees] == ["t-甲"]
    assert (list(sheet.signed_in), sheet.absent) == (["t-甲"], ())
    assert [trainee.id for trainee in sheet.present] == ["t-甲"]
