"""The console's way to the cameras: through the database, with the password sealed on the way."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from edge_agent.cameras.answers import serve_requests
from edge_agent.cameras.requests import (
    ASSOCIATE,
    BIND,
    DISCOVER,
    KINDS,
    TEST,
    TTL,
    UNBIND,
    ask,
    ask_bind,
    publish_address,
)
from edge_agent.cameras.wish import Wish
from edge_agent.errors import ConflictError
from edge_agent.store import requests
from edge_agent.store.database import connect
from tests.cameras.venue import CODE, Venue, camera


def answered(venue: Venue, identifier: str) -> requests.Request:
    assert serve_requests(venue.desk, venue.writer) == 1
    with closing(connect(venue.settings.store.database)) as connection:
        found = requests.find(connection, identifier)
    assert found is not None
    return found


def asked(venue: Venue, kind: str, **args: Any) -> requests.Request:
    return answered(venue, venue.writer.run(lambda tx: ask(tx, kind, args, by="web:boss")))


def bind(venue: Venue, wish: Wish) -> requests.Request:
    return answered(venue, venue.writer.run(lambda tx: ask_bind(tx, wish, by="web:boss")))


def test_a_camera_is_bound_tested_and_unbound_from_another_service(venue: Venue) -> None:
    with camera(1) as one:
        with pytest.raises(ConflictError):
            venue.writer.run(lambda tx: ask_bind(tx, Wish(room="101"), by="web:boss"))
        publish_address(venue.writer, venue.box)
        found = asked(venue, DISCOVER, targets=["127.0.3.1"])
        assert found.answer is not None
        assert one.serial in [item["serial"] for item in found.answer["found"]]  # other tests' may be there too

        request = bind(venue, Wish(room="101", serial=one.serial, code=CODE, host="127.0.3.1"))
        assert request.state == "done"
        assert request.answer is not None
        row = request.answer["bound"][0]["camera"]
        assert (row["room"], row["serial"]) == ("101", one.serial)
        stored = b"".join(path.read_bytes() for path in venue.settings.store.data_dir.glob("edge_agent.db*"))
        assert CODE.encode() not in stored
        assert venue.facts("camera.bound")[0]["camera"] == row["id"]

        tested = asked(venue, TEST, cameras=[one.serial])
        assert tested.answer is not None
        assert tested.answer["reports"][0]["ok"]
        assert asked(venue, UNBIND, camera=row["id"], reason="").answer == {"unbound": [row["id"]]}
    assert serve_requests(venue.desk, venue.writer) == 0


def test_what_can_not_be_done_is_answered_with_what_to_do(venue: Venue) -> None:
    publish_address(venue.writer, venue.box)
    with camera(1) as one:
        wrong = bind(venue, Wish(room="101", host="127.0.3.1", serial=one.serial, code="WRONG1"))
    assert wrong.state == "failed"
    assert wrong.answer is not None
    assert (wrong.answer["cause"], bool(wrong.answer["do"])) == ("unauthorized", True)
    assert "WRONG1" not in str(wrong.answer)
    for kind in (ASSOCIATE, UNBIND):
        assert asked(venue, kind).state == "failed"
    odd = venue.writer.run(
        lambda tx: requests.ask(tx, BIND, {"wish": {"colour": "red"}, "letter": "!"}, by="x", ttl=TTL)
    )
    assert answered(venue, odd).state == "failed"


def test_a_request_that_is_too_old_is_not_done(venue: Venue) -> None:
    publish_address(venue.writer, venue.box)
    venue.writer.run(lambda tx: ask_bind(tx, Wish(room="101", host="127.0.3.1", code=CODE), by="web:boss"))
    venue.clock.leap(TTL + timedelta(seconds=1))
    assert serve_requests(venue.desk, venue.writer) == 0
    assert set(KINDS) == {DISCOVER, BIND, TEST, UNBIND, ASSOCIATE}
