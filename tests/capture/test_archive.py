"""Segments of several cameras that end together share a commit, and none is lost where that commit never came."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.cameras.sources import RtspSource
from edge_agent.capture.archive import Archive
from edge_agent.capture.causes import Cause
from edge_agent.capture.filing import SEAM
from edge_agent.capture.recorder import Recorder
from edge_agent.capture.tape import Recorded
from edge_agent.clock import SystemClock
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.fact import Fact
from edge_agent.model.media import Media, MediaKind
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store import media
from edge_agent.store.facts import read_facts
from edge_agent.store.files import MediaFiles
from tests.capture.rig import wait_for
from tests.venue import RunningClock, Venue, at, reading

SPEC = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)
LONG = 600.0  # seconds; nobody waits for it here


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path, clock=RunningClock(at("08:00")))
    yield venue
    venue.close()


@pytest.fixture
def files(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media")


@pytest.fixture
def recorded(files: MediaFiles, tmp_path: Path) -> Iterator[list[Recorded]]:
    """Five segments of a real stream, whose files are not committed; the last one ended with the recording."""
    kept: list[Recorded] = []

    class _Collector(Archive):
        def submit(self, recorded: Recorded, *_: object) -> None:
            kept.append(recorded)

    (tmp_path / "other").mkdir()
    other = Venue(tmp_path / "other")
    collector = _Collector(other.writer, files, lambda _camera, _shown: ())
    camera = Camera("c1", "front", CameraKind.RTSP, "101", "")
    with VirtualCamera(main=SPEC) as virtual:
        recorder = Recorder(
            camera, "main", source=RtspSource(virtual.rtsp_url), clock=SystemClock(), archive=collector, length=1
        )
        wait_for(lambda: len(kept) >= 4, "four segments")
        recorder.stop()
    collector.close()
    other.close()
    yield [*kept[:4], kept[-1]]
    for one in kept:
        one.file.discard()


def _closed(venue: Venue) -> list[Fact]:
    with reading(venue.database) as connection:
        return list(read_facts(connection, kinds=("segment.closed",)))


def _rows(venue: Venue) -> list[Media]:
    with reading(venue.database) as connection:
        return list(media.present(connection, MediaKind.RECORDING))


def test_segments_that_end_together_share_a_transaction(
    venue: Venue, files: MediaFiles, recorded: list[Recorded]
) -> None:
    archive = Archive(venue.writer, files, lambda camera, _shown: (f"lesson of {camera}",), gather=LONG)
    for number, one in enumerate(recorded[:4]):
        archive.submit(one, f"c{number}", "main")
    wait_for(archive.settle, "the rows")
    facts = _closed(venue)
    assert len({fact.stamp for fact in facts}) == 1  # the stamp is the transaction's, and the clock goes
    assert [fact.data["camera"] for fact in facts] == ["c0", "c1", "c2", "c3"]
    assert {tuple(fact.data["lessons"]) for fact in facts} == {(f"lesson of c{number}",) for number in range(4)}
    assert {row.id: row.sha256 for row in _rows(venue)} == {fact.data["media"]: fact.data["sha256"] for fact in facts}
    archive.close()


def test_a_segment_that_nothing_follows_waits_for_nobody(
    venue: Venue, files: MediaFiles, recorded: list[Recorded]
) -> None:
    """After a lesson's end, or a loss, gaps and pictures are settled from the rows."""
    assert recorded[-1].cause is Cause.STOPPED
    archive = Archive(venue.writer, files, lambda _camera, _shown: (), gather=LONG)
    archive.submit(recorded[0], "c0", "main")
    archive.submit(recorded[-1], "c1", "main")
    wait_for(lambda: len(_rows(venue)) == 2, "both rows")
    archive.close()


def test_a_segment_waits_no_longer_than_it_may(venue: Venue, files: MediaFiles, recorded: list[Recorded]) -> None:
    archive = Archive(venue.writer, files, lambda _camera, _shown: (), gather=0.1)
    archive.submit(recorded[0], "c0", "main")
    wait_for(lambda: len(_rows(venue)) == 1, "the row")
    archive.close()


def test_what_waits_is_stored_when_the_service_ends(venue: Venue, files: MediaFiles, recorded: list[Recorded]) -> None:
    archive = Archive(venue.writer, files, lambda _camera, _shown: (), gather=LONG)
    for one in recorded[:3]:
        archive.submit(one, "c1", "main")
    archive.close()
    assert len(_rows(venue)) == 3


def test_what_waited_when_the_service_was_killed_is_filed_by_the_next_start(
    venue: Venue, files: MediaFiles, recorded: list[Recorded]
) -> None:
    """The files have their places and no rows: dated and counted by their own headers, each once."""
    recorded[-1].file.discard()
    killed = Archive(venue.writer, files, lambda _camera, _shown: (), gather=LONG)
    for one in recorded[:4]:
        killed.submit(one, "c1", "main")
    wait_for(lambda: len(list(files.walk(MediaKind.RECORDING))) == 4, "the files")
    assert _rows(venue) == []  # nobody asks `killed` for anything any more
    archive = Archive(venue.writer, files, lambda _camera, _shown: ("A",))
    assert archive.salvage(set()) == 4
    rows = sorted(_rows(venue), key=lambda row: row.start)
    assert archive.salvage({row.path for row in rows}) == 0
    assert [(row.camera, row.lesson, row.start) for row in rows] == [("c1", "A", one.start) for one in recorded[:4]]
    assert all(before.end == after.start for before, after in itertools.pairwise(rows))
    assert abs(rows[-1].end - recorded[3].end) < SEAM
    for row in rows:
        assert row.sha256 == files.digest(row.path)
        assert row.size == files.locate(row.path).stat().st_size
    assert [fact.data["torn"] for fact in _closed(venue)] == [False] * 4
    archive.close()
    killed.close()  # its thread lives on in this process


def test_one_segment_that_cannot_be_stored_keeps_no_other_from_its_row(
    venue: Venue, files: MediaFiles, recorded: list[Recorded]
) -> None:
    bad = "c1"
    archive = Archive(venue.writer, files, lambda camera, _shown: ("\ud800",) if camera == bad else (), gather=LONG)
    for number, one in enumerate(recorded[:3]):
        archive.submit(one, f"c{number}", "main")
    wait_for(archive.settle, "the rows")
    assert [row.camera for row in _rows(venue)] == ["c0", "c2"]
    archive.close()
