"""Documents beside the facts: versions that count up, bytes that their digest names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from edge_agent.errors import NotFoundError
from edge_agent.model.roster import read_roster
from edge_agent.store.documents import get_document, latest_document, save_roster, save_timetable
from edge_agent.store.facts import read_facts
from tests.venue import Venue, reading


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    with closing(Venue(tmp_path)) as venue:
        venue.add_class("c1")
        venue.add_class("c2")
        yield venue


def test_versions_of_each_class_count_up(venue: Venue) -> None:
    venue.add_trainee("t1", "c1")
    first = venue.writer.run(lambda tx: save_roster(tx, "c1", by="a"))
    venue.add_trainee("t2", "c1", name="李四")
    venue.add_trainee("t3", "c1", name="赵六", active=False)
    second = venue.writer.run(lambda tx: save_roster(tx, "c1", by="a", warnings=("name_differs@3",)))
    other = venue.writer.run(lambda tx: save_roster(tx, "c2", by="a"))
    assert (first.revision, second.revision, other.revision) == (1, 2, 1)
    with reading(venue.database) as connection:
        assert latest_document(connection, "roster", "c1") == second
        assert get_document(connection, first.id) == first
        assert latest_document(connection, "timetable", "c1") is None
        fact = [fact for fact in read_facts(connection) if fact.kind == "roster.saved"][1]
    assert hashlib.sha256(second.body).hexdigest() == second.sha256 == fact.data["sha256"]
    assert fact.data["commitments"] == read_roster(second.body).root
    assert (fact.data["trainees"], fact.data["warnings"]) == (["t1", "t2"], ["name_differs@3"])


def test_two_versions_share_no_salt(venue: Venue) -> None:
    venue.add_trainee("t1", "c1")
    one, two = (venue.writer.run(lambda tx: save_roster(tx, "c1", by="a")) for _ in range(2))
    assert read_roster(one.body).rows[0].text == read_roster(two.body).rows[0].text
    assert read_roster(one.body).root != read_roster(two.body).root


def test_a_timetable_names_its_lessons(venue: Venue) -> None:
    lesson = venue.add_lesson("A")
    document = venue.writer.run(lambda tx: save_timetable(tx, "c1", [lesson], by="a"))
    with reading(venue.database) as connection:
        fact = [fact for fact in read_facts(connection) if fact.kind == "timetable.imported"][-1]
    assert (fact.data["lessons"], fact.data["sha256"]) == (["A"], document.sha256)


def test_a_document_that_is_not_there(venue: Venue) -> None:
    with reading(venue.database) as connection, pytest.raises(NotFoundError):
        get_document(connection, "d-0")
    with pytest.raises(NotFoundError):
        venue.writer.run(lambda tx: save_roster(tx, "nowhere", by="a"))
