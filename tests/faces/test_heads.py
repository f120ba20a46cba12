"""Heads in classroom snapshots: found tile by tile, counted once each, as a fact that the cross-check reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_agent.errors import InputError
from edge_agent.faces.face import Box, Picture
from edge_agent.faces.heads import COUNTED_WITHIN, HeadCounter, find_heads
from edge_agent.faces.process import FaceEngine
from edge_agent.faces.tiles import LARGEST, OVERLAP, tiles_of, without_twins
from edge_agent.model.kinds.capture import HeadsCounted
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media
from edge_agent.store.facts import read_facts
from edge_agent.store.files import MediaFiles
from tests.faces.conftest import jpeg
from tests.venue import Venue, at, reading


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    opened = Venue(tmp_path, at("09:00"))
    yield opened
    opened.close()


@pytest.fixture
def files(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media")


@pytest.fixture
def counter(engine: FaceEngine, venue: Venue, files: MediaFiles) -> HeadCounter:
    return HeadCounter(engine, venue.writer, files.locate)


def room(portrait: Picture, heads: int, size: tuple[int, int] = (1920, 1080), side: int = 150) -> bytes:
    """A classroom: rows of people, the first of them on the seams of the tiles."""
    width, height = size
    picture = np.full((height, width, 3), 120, np.uint8)
    columns = (width - 20) // (side + 30)
    for i in range(heads):
        x, y = 20 + i % columns * (side + 30), 20 + i // columns * (side + 40)
        picture[y : y + side, x : x + side] = cv2.resize(portrait[50:250, 50:250], (side, side))
    return jpeg(picture)


def snapshot(venue: Venue, files: MediaFiles, content: bytes, name: str, time: str = "08:03") -> Media:
    stored = files.store(MediaKind.SNAPSHOT, ".jpg", content, at(time))
    row = Media(
        id=name,
        kind=MediaKind.SNAPSHOT,
        path=stored.path,
        sha256=stored.sha256,
        size=stored.size,
        start=at(time),
        end=at(time),
        lesson="A",
        mime="image/jpeg",
    )
    venue.writer.run(lambda tx: media.add(tx, row, width=1920))
    return row


def counted(venue: Venue) -> list[tuple[str, int]]:
    with reading(venue.database) as connection:
        return [(f.data["media"], f.data["heads"]) for f in read_facts(connection, kinds=(HeadsCounted.KIND,))]


def count_all(counter: HeadCounter, venue: Venue, days: int = 0) -> int:
    done = 0
    with reading(venue.database) as connection:
        while counter.count_next(connection, venue.clock.stamp().wall + timedelta(days=days)):
            done += 1
    return done


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1920, 1152), (2560, 1440), (640, 480), (704, 704), (705, 500), (352, 288)]
)
def test_tiles_cover_the_picture_and_overlap(size: tuple[int, int]) -> None:
    width, height = size
    covered = np.zeros((height, width), np.uint8)
    tiles = tiles_of(width, height)
    for tile in tiles:
        assert max(tile.width, tile.height) <= LARGEST
        assert 0 <= tile.left <= width - tile.width
        assert 0 <= tile.top <= height - tile.height
        covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = 1
    assert covered.all()
    lefts = sorted({tile.left for tile in tiles})
    assert all(after - before <= tiles[0].width - OVERLAP for before, after in pairwise(lefts))


def test_a_face_on_a_seam_is_one() -> None:
    whole, cut, other = Box(100, 100, 50, 60), Box(102, 101, 30, 58), Box(160, 100, 50, 60)
    assert without_twins([cut, whole, other]) == [1, 2]


@pytest.mark.parametrize(
    ("size", "side", "heads"),
    [
        ((1920, 1080), 150, 40),
        ((1920, 1140), 60, 60),
        ((2560, 1440), 150, 40),
        ((3840, 2160), 150, 30),
        ((704, 576), 90, 9),
    ],
)
def test_heads_of_cameras_of_all_sizes(
    engine: FaceEngine, portrait: Picture, size: tuple[int, int], side: int, heads: int
) -> None:
    found = find_heads(engine, room(portrait, heads, size, side))
    assert len(found) == heads
    assert all(0 <= box.x < size[0] and 0 <= box.y < size[1] for box in found)


def test_each_snapshot_is_counted_once_and_the_fact_says_so(
    counter: HeadCounter, venue: Venue, files: MediaFiles, portrait: Picture, engine: FaceEngine
) -> None:
    snapshot(venue, files, room(portrait, 12), "m2", "08:47")
    snapshot(venue, files, room(portrait, 0), "m1", "08:03")
    assert count_all(counter, venue) == 2
    assert count_all(counter, venue) == 0
    assert counted(venue) == [("m1", 0), ("m2", 12)]
    with reading(venue.database) as connection:
        (fact, _) = read_facts(connection, kinds=(HeadsCounted.KIND,))
        assert media.attributes(connection, "m2") == {"width": 1920, "heads": 12}
    assert fact.data["lesson"] == "A"
    assert fact.data["engine"] == f"opencv/{engine.identity.version}"


def test_what_is_no_picture_or_gone_is_not_counted_and_not_asked_again(
    counter: HeadCounter, venue: Venue, files: MediaFiles, portrait: Picture
) -> None:
    snapshot(venue, files, b"no picture", "m1")
    lost = snapshot(venue, files, room(portrait, 3), "m2")
    files.delete(lost.path)
    gone = snapshot(venue, files, room(portrait, 3), "m3")
    venue.writer.run(lambda tx: media.mark_deleted(tx, gone.id))
    assert count_all(counter, venue) == 2
    assert count_all(counter, venue) == 0
    assert counted(venue) == []


def test_an_old_snapshot_is_left_alone(
    counter: HeadCounter, venue: Venue, files: MediaFiles, portrait: Picture
) -> None:
    snapshot(venue, files, room(portrait, 3), "m1")
    assert count_all(counter, venue, days=COUNTED_WITHIN.days + 1) == 0


def test_a_huge_picture_is_refused(engine: FaceEngine) -> None:
    with pytest.raises(InputError, match="5000x5000"):
        find_heads(engine, jpeg(np.zeros((5000, 5000, 3), np.uint8)))
