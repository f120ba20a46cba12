"""What is on the record of a lesson that was recorded in pieces: no gap over what was recorded, none twice."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge_agent.capture.causes import Cause
from edge_agent.errors import DiskFullError
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.media import MediaKind
from edge_agent.store import gaps, media
from edge_agent.store.facts import read_facts
from edge_agent.store.writer import Writer
from tests.capture.town import Still, Town
from tests.venue import ZONE, at, reading

LESSON, NEXT = "0-0-0800", "0-0-0845"  # the second follows the first without a break, so it has no pre-roll


@dataclass
class Record:
    """Times of the day, as text: what was recorded, what is noted as missing and why, and what began each time."""

    recorded: list[tuple[str, str]]
    gaps: list[tuple[str, str, str]]
    triggers: list[str]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path)
    yield town
    town.close()


def record(town: Town, lesson: str) -> Record:
    with reading(town.venue.database) as connection:
        return Record(
            [(_text(row.start), _text(row.end)) for row in media.of_lesson(connection, lesson, MediaKind.RECORDING)],
            [(_text(gap.start), _text(gap.end), gap.cause) for gap in gaps.of_lesson(connection, lesson)],
            [
                fact.data["trigger"]
                for fact in read_facts(connection, kinds=("recording.started",))
                if fact.data["lesson"] == lesson
            ],
        )


def _text(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONE):%H:%M:%S}" if moment else ""


def test_a_service_killed_in_a_lessons_first_seconds_notes_only_its_own_absence(town: Town) -> None:
    town.venue.clock.set(at("08:40"))
    town.start()
    town.live_until(at("08:45:03"))
    town.crash()
    town.venue.clock.set(at("08:45:05"))
    town.start()
    town.live_until(at("08:46"))
    town.crash()
    noted = record(town, NEXT)
    assert noted.triggers == ["plan", "restart"]
    ((start, end, cause),) = noted.gaps
    assert (start, cause) == ("08:45:03", "service_down")
    assert end == noted.recorded[-1][0]


def test_a_service_killed_after_the_cameras_return_keeps_what_came(town: Town) -> None:
    """Nobody had said yet that the gap was over."""
    town.lenses["k00"].faults = [(at("08:10"), at("08:11"), Cause.REFUSED)]
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:11"))
    for recording in town.running:
        recording.advance()  # the camera is back; the service never looks again
    town.venue.clock.advance(3)
    town.crash()
    town.venue.clock.advance(20)
    town.start()
    town.live_until(at("08:12"))
    town.crash()
    assert [(gap[0], gap[2]) for gap in record(town, LESSON).gaps] == [
        ("08:10:00", "refused"),
        ("08:11:03", "service_down"),
    ]
    _check_no_gap_was_recorded(town, LESSON)


def test_another_address_in_mid_lesson_is_a_gap_of_the_change_alone(town: Town) -> None:
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:10"))
    town.lenses["k00"].faults = [(at("08:10"), at("08:10:20"), Cause.TIMEOUT)]
    town.save(Camera("k00", "前门", CameraKind.RTSP, "R0", "rtsp://elsewhere"))
    town.live_until(at("08:12"))
    town.crash()
    noted = record(town, LESSON)
    assert [(start[:-1], end[:-1], cause) for start, end, cause in noted.gaps] == [("08:10:0", "08:10:2", "timeout")]
    assert noted.triggers == ["plan"]
    _check_no_gap_was_recorded(town, LESSON)


def test_another_name_or_room_in_mid_lesson_cuts_nothing(town: Town) -> None:
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:10"))
    (recording,) = [one for one in town.running if one.camera.id == "k00"]
    town.save(replace(recording.camera, name="讲台上方", host="192.168.1.9:80", revision=2))
    town.live_until(at("08:12"))
    assert [one for one in town.running if one.camera.id == "k00"] == [recording]
    town.crash()
    assert record(town, LESSON).gaps == []


def test_a_full_disk_keeps_the_facts_for_later(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.lenses["k00"].faults = [(at("08:10"), at("08:11"), Cause.REFUSED)]
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:09:59"))
    town.venue.clock.set(at("08:10"))
    for recording in town.running:
        recording.advance()
    town.venue.clock.set(at("08:10:03"))
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "run", _full)
        assert town.service is not None
        with pytest.raises(DiskFullError):
            town.service.tick()
    town.live_until(at("08:12"))
    town.crash()
    ((_, end, cause),) = record(town, LESSON).gaps
    assert (end, cause) == ("08:11:00", "refused")
    with reading(town.venue.database) as connection:
        assert len(list(read_facts(connection, kinds=("gap.opened",)))) == 1


def test_the_substream_is_recorded_instead_before_video_is_refused(town: Town) -> None:
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:05"))
    town.room = "sub"
    town.live_until(at("08:06"))
    town.room = "main"  # it wavers: the recording is not cut at each turn
    town.live_until(at("08:15"))
    assert {recording.stream for recording in town.running} == {"sub"}
    town.live_until(at("08:17"))
    assert {recording.stream for recording in town.running} == {"main"}
    town.room = "snapshots"
    town.live_until(at("08:20"))
    assert town.running == []
    town.room = "main"
    town.live_until(at("08:21"))
    town.crash()
    ((start, end, cause),) = record(town, LESSON).gaps
    assert (start[:5], end[:5], cause) == ("08:17", "08:20", "disk_full")
    with reading(town.venue.database) as connection:
        closed = [fact.data for fact in read_facts(connection, kinds=("segment.closed",))]
    assert [stream for stream, _ in itertools.groupby(fact["stream"] for fact in closed)] == ["main", "sub", "main"]
    _check_no_gap_was_recorded(town, LESSON)


def test_while_video_is_refused_snapshots_are_taken(town: Town, tmp_path: Path) -> None:
    """They look at the camera anew: nothing holds a keyframe for them."""
    town.room = "snapshots"
    town.source = Still(tmp_path)
    town.venue.clock.set(at("07:58"))
    town.start()
    town.live_until(at("08:11"))
    town.crash()
    assert record(town, LESSON).recorded == []
    with reading(town.venue.database) as connection:
        taken = [fact.data for fact in read_facts(connection, kinds=("snapshot.taken",))]
    assert [fact["slot_kind"] for fact in taken] == ["opening"]


def _full(_writer: Writer, _job: Callable[..., object]) -> None:
    raise DiskFullError("the disk is full", do="")


def _check_no_gap_was_recorded(town: Town, lesson: str) -> None:
    noted = record(town, lesson)
    moment = timedelta(seconds=1)
    for start, end, _ in noted.gaps:
        for first, last in noted.recorded:
            assert at(min(end, last)) - at(max(start, first)) < moment
