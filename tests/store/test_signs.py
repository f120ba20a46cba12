"""Signs of life in memory: who is heard, said without a write to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.store import cameras, signs
from edge_agent.store.signs import note_heard, read_heard
from tests.venue import Venue, at, reading


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Venue]:
    monkeypatch.setattr(signs, "_MEMORY", tmp_path / "memory")
    (tmp_path / "memory").mkdir()
    room = Venue(tmp_path)
    room.writer.run(
        lambda tx: cameras.save_camera(tx, Camera("c1", "前方", CameraKind.RTSP, "101", "rtsp://127.0.0.1/"))
    )
    room.writer.run(lambda tx: cameras.set_state(tx, "c1", CameraState.ONLINE))
    yield room
    room.close()


def state(room: Venue) -> tuple[CameraState, object]:
    with reading(room.database) as connection:
        known = cameras.known(connection, room.clock.wall)["c1"]
    return known.state, known.heard


def test_a_camera_is_online_for_as_long_as_somebody_hears_it(bound: Venue) -> None:
    bound.clock.advance(300)
    assert state(bound)[0] is CameraState.OFFLINE, "nobody said so lately"
    note_heard(bound.database, {"c1": bound.clock.wall})
    assert state(bound)[0] is CameraState.ONLINE
    bound.clock.advance(11)
    assert state(bound) == (CameraState.OFFLINE, at("07:05")), "whoever heard it is silent"


def test_a_camera_that_went_keeps_the_time_when_it_was_last_heard(bound: Venue) -> None:
    heard = bound.clock.wall + timedelta(minutes=5)
    bound.clock.advance(400)
    bound.writer.run(lambda tx: cameras.set_state(tx, "c1", CameraState.OFFLINE, cause="timeout", last_heard=heard))
    assert state(bound) == (CameraState.OFFLINE, heard)


def test_two_devices_on_one_machine_have_signs_of_their_own(bound: Venue, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Venue(tmp_path / "other")
    note_heard(other.database, {"c9": at("08:00")})
    with reading(bound.database) as connection:
        assert read_heard(connection) == {}
    other.close()


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"c1": "soon"}'])
def test_a_torn_sign_is_none(bound: Venue, tmp_path: Path, torn: str) -> None:
    note_heard(bound.database, {"c1": at("08:00")})
    (written,) = (tmp_path / "memory").iterdir()
    written.write_text(torn)
    with reading(bound.database) as connection:
        assert read_heard(connection) == {}


def test_without_shared_memory_they_lie_beside_the_database(bound: Venue, tmp_path: Path) -> None:
    (tmp_path / "memory").rmdir()
    note_heard(bound.database, {"c1": at("08:00")})
    assert bound.database.with_name("cameras.heard").exists()
    with reading(bound.database) as connection:
        assert read_heard(connection) == {"c1": at("08:00")}
