"""What one service wants of another: taken once, answered once, or expired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from edge_agent.clock import SettableClock
from edge_agent.store import requests
from edge_agent.store.writer import Writer
from tests.looking import look

MINUTE = timedelta(minutes=1)


def test_a_request_is_taken_once_and_answered(writer: Writer, database: Path) -> None:
    identifier = writer.run(lambda tx: requests.ask(tx, "snapshot.now", {"camera": "c"}, by="admin", ttl=MINUTE))
    connection = look(database)
    assert requests.waiting(connection, ("snapshot.now",))
    assert not requests.waiting(connection, ("export",))
    [taken] = writer.run(lambda tx: requests.take(tx, ("snapshot.now", "camera.test")))
    assert (taken.id, taken.args, taken.by) == (identifier, {"camera": "c"}, "admin")
    assert writer.run(lambda tx: requests.take(tx, ("snapshot.now",))) == []
    writer.run(lambda tx: requests.answer(tx, identifier, {"media": "m"}))
    found = requests.find(connection, identifier)
    assert found is not None
    assert (found.state, found.answer) == ("done", {"media": "m"})


def test_an_expired_request_is_never_given(writer: Writer, database: Path, clock: SettableClock) -> None:
    identifier = writer.run(lambda tx: requests.ask(tx, "snapshot.now", {}, by="", ttl=MINUTE))
    clock.advance(61)
    assert writer.run(lambda tx: requests.take(tx, ("snapshot.now",))) == []
    found = requests.find(look(database), identifier)
    assert found is not None
    assert found.state == "expired"
    assert writer.run(lambda tx: requests.forget(tx, tx.stamp.wall)) == 1
    assert requests.find(look(database), identifier) is None
