"""The archive disk with real files: a second file system, what it refuses, and what a copy is worth to retention."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.errors import StorageError
from edge_agent.model.media import Media, MediaKind, UploadPolicy
from edge_agent.store import archive, media
from edge_agent.store.archive import ArchiveDisk
from edge_agent.store.facts import read_facts
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Transaction
from edge_agent.upkeep.archivist import ArchiveState, Archivist
from edge_agent.upkeep.retention import Rule
from edge_agent.upkeep.space import free_space
from tests.venue import Venue, at, reading

DAY = timedelta(days=1)
EVERY_KIND = dict.fromkeys(MediaKind, Rule(UploadPolicy.ALL, 30 * DAY, 400 * DAY))


@dataclass
class Room:
    """A device with its media, and another file system where an archive disk would be mounted."""

    venue: Venue
    files: MediaFiles
    mounted: Path

    def store(self, kind: MediaKind, content: str) -> Media:
        stored = self.files.store(kind, ".bin", content.encode() * 1000, at("08:00"))
        row = Media(media.new_media_id(), kind, stored.path, stored.sha256, stored.size, at("08:00"), at("08:01"))
        self.venue.writer.run(lambda tx: media.add(tx, row))
        return row

    def archivist(self, folder: Path | None = None, *, keep_free: int = 0) -> Archivist:
        disk = ArchiveDisk(folder or self.mounted, "ea-test", beside=self.files.root)
        return Archivist(disk, self.venue.writer, self.files, keep_free=keep_free)

    def work(self, archivist: Archivist) -> ArchiveState:
        with reading(self.venue.database) as connection:
            archivist.work(connection)
            return archivist.view(connection).state

    def archived(self, row: Media) -> bool:
        with reading(self.venue.database) as connection:
            found = media.find(connection, row.id)
        assert found is not None
        return found.archived is not None

    def facts(self) -> list[tuple[str, ...]]:
        with reading(self.venue.database) as connection:
            return [tuple(fact.data["media"]) for fact in read_facts(connection, kinds=("media.confirmed",))]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    mounted = Path(tempfile.mkdtemp(dir="/dev/shm"))
    files = MediaFiles(tmp_path / "media")
    files.root.mkdir()
    venue = Venue(tmp_path)
    yield Room(venue, files, mounted)
    venue.close()
    shutil.rmtree(mounted)


def test_a_copy_that_was_read_back_is_a_fact_and_lets_the_original_go(room: Room) -> None:
    row = room.store(MediaKind.RECORDING, "video")
    room.venue.clock.advance(500 * 86400)
    with reading(room.venue.database) as connection:
        now = room.venue.clock.wall
        assert free_space(room.venue.writer, connection, room.files, EVERY_KIND, now, keep_free=0) == 0, "nobody has it"
        assert room.work(room.archivist()) is ArchiveState.WELL
        assert room.facts() == [(row.id,)]
        assert free_space(room.venue.writer, connection, room.files, EVERY_KIND, now, keep_free=0) == 1
        (gone,) = read_facts(connection, kinds=("retention.deleted",))
    assert gone.data["confirmed_by"] == "archive"
    assert not room.files.locate(row.path).exists()
    done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=room.mounted / "ea-test", check=False)
    assert done.returncode == 0, "whoever has the disk can check it without us"


def test_what_is_archived_still_goes_to_the_centre(room: Room) -> None:
    row = room.store(MediaKind.SNAPSHOT, "picture")
    room.work(room.archivist())
    with reading(room.venue.database) as connection:
        assert [each.id for each in media.unconfirmed(connection, [MediaKind.SNAPSHOT], 9)] == [row.id]


def test_faces_cards_and_packages_are_not_copied(room: Room) -> None:
    rows = [room.store(kind, kind) for kind in (MediaKind.CHECKIN, MediaKind.CARD, MediaKind.EXPORT)]
    assert room.work(room.archivist()) is ArchiveState.WELL
    assert not any(map(room.archived, rows))
    assert room.facts() == []
    assert list(room.mounted.rglob("*.bin")) == []


def test_the_empty_place_of_a_disk_is_no_disk(room: Room, tmp_path: Path) -> None:
    row = room.store(MediaKind.RECORDING, "video")
    (tmp_path / "mnt").mkdir()
    for folder in (tmp_path / "mnt", tmp_path / "nowhere"):
        assert room.work(room.archivist(folder)) is ArchiveState.ABSENT
    assert not room.archived(row)
    assert list((tmp_path / "mnt").iterdir()) == []


def test_a_disk_that_returns_other_bytes_confirms_nothing(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    row = room.store(MediaKind.RECORDING, "video")
    genuine = archive._copy

    def flip(source: Path, target: Path) -> str:
        written = genuine(source, target)
        with target.open("r+b") as stream:
            stream.write(b"\xff")
        return written

    monkeypatch.setattr(archive, "_copy", flip)
    archivist = room.archivist()
    assert room.work(archivist) is ArchiveState.FAILING
    assert not room.archived(row)
    monkeypatch.setattr(archive, "_copy", genuine)
    assert room.work(archivist) is ArchiveState.WELL, "a new cable, and it goes on"
    assert room.archived(row)


def test_a_full_disk_stops_copying_and_a_larger_one_goes_on(room: Room) -> None:
    row = room.store(MediaKind.RECORDING, "video")
    assert room.work(room.archivist(keep_free=1 << 62)) is ArchiveState.FULL
    assert not room.archived(row)
    assert room.work(room.archivist()) is ArchiveState.WELL
    assert room.archived(row)


def test_a_damaged_original_is_not_archived_and_holds_up_nothing(room: Room) -> None:
    damaged, whole = room.store(MediaKind.RECORDING, "one"), room.store(MediaKind.RECORDING, "two")
    room.files.locate(damaged.path).write_bytes(b"rubbish")
    assert room.work(room.archivist()) is ArchiveState.WELL
    assert (room.archived(damaged), room.archived(whole)) == (False, True)


def test_a_restart_goes_on_where_it_stood_and_copies_nothing_twice(room: Room) -> None:
    room.store(MediaKind.RECORDING, "one")
    room.work(room.archivist())
    second = room.store(MediaKind.RECORDING, "two")
    room.work(room.archivist())
    assert room.facts()[1:] == [(second.id,)]


def test_a_copy_that_a_crash_left_without_its_row_is_taken(room: Room) -> None:
    row = room.store(MediaKind.RECORDING, "one")
    disk = ArchiveDisk(room.mounted, "ea-test", beside=room.files.root)
    assert disk.keep(room.files.locate(row.path), row.path, row.sha256).new
    assert not disk.keep(room.files.locate(row.path), row.path, row.sha256).new
    assert room.work(room.archivist()) is ArchiveState.WELL
    assert room.archived(row)


def test_a_disk_that_cannot_be_written_says_what_to_do(room: Room) -> None:
    (room.mounted / "ea-test").write_text("a file where the folder should be")
    disk = ArchiveDisk(room.mounted, "ea-test", beside=room.files.root)
    source = room.files.root / "x"
    source.write_bytes(b"x")
    with pytest.raises(StorageError, match="归档硬盘无法读写") as caught:
        disk.keep(source, "recording/x", hashlib.sha256(b"x").hexdigest())
    assert "Check the disk" in caught.value.do


def test_what_is_not_asked_for_waits_for_nobody(room: Room) -> None:
    """A recording on request gives way for space without any confirmation; one that was asked for does not."""
    free = dict(EVERY_KIND) | {MediaKind.RECORDING: Rule(UploadPolicy.ON_REQUEST, 30 * DAY, 400 * DAY)}
    asked, other = room.store(MediaKind.RECORDING, "asked"), room.store(MediaKind.RECORDING, "other")
    room.venue.writer.run(lambda tx: media.request(tx, asked.id))
    room.venue.clock.advance(40 * 86400)
    with reading(room.venue.database) as connection:
        gone = free_space(
            room.venue.writer, connection, room.files, free, room.venue.clock.wall, keep_free=room.files.free() * 2
        )
    assert gone == 1
    assert room.files.locate(asked.path).exists()
    assert not room.files.locate(other.path).exists()


def test_of_many_files_a_look_reads_only_the_oldest(room: Room) -> None:
    first = room.store(MediaKind.RECORDING, "one")

    def many(tx: Transaction) -> None:
        for number in range(2000):
            later = first.start + timedelta(minutes=number + 1)
            media.add(tx, replace(first, id=f"m{number}", path=f"recording/{number}", start=later, end=later))

    room.venue.writer.run(many)
    with reading(room.venue.database) as connection:
        found = media.ended_before(connection, MediaKind.RECORDING, at("23:00") + DAY, promised=False, limit=5)
        plans = [
            row["detail"]
            for row in connection.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM media WHERE kind = 'x' AND start < 9 AND end <= 9"
                " AND deleted IS NULL AND confirmed IS NOT NULL ORDER BY start LIMIT 5"
            )
        ]
    assert [each.id for each in found] == [first.id, "m0", "m1", "m2", "m3"]
    assert ["media_confirmed" in plan for plan in plans] == [True]
