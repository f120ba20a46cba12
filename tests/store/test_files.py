"""Media: complete or not there."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.errors import InputError, StorageError
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media
from edge_agent.store.files import Ballast, MediaFiles
from edge_agent.store.fsck import fsck
from edge_agent.store.writer import Writer
from tests.looking import look

AT = datetime(2024, 10, 8, 0, 3, tzinfo=UTC)


@pytest.fixture
def files(tmp_path: Path) -> MediaFiles:
    return MediaFiles(tmp_path / "media")


def add(writer: Writer, files: MediaFiles, data: bytes) -> Media:
    stored = files.store(MediaKind.SNAPSHOT, ".jpg", data, AT)
    row = Media(
        id=media.new_media_id(),
        kind=MediaKind.SNAPSHOT,
        path=stored.path,
        sha256=stored.sha256,
        size=stored.size,
        start=AT,
        end=AT,
        lesson="A",
    )
    writer.run(lambda tx: media.add(tx, row, codec="jpeg"))
    return row


def test_a_stored_file_is_what_was_written(files: MediaFiles) -> None:
    stored = files.store(MediaKind.SNAPSHOT, ".jpg", b"picture", AT)
    assert files.locate(stored.path).read_bytes() == b"picture"
    assert stored.sha256 == hashlib.sha256(b"picture").hexdigest() == files.digest(stored.path)
    assert stored.size == 7
    assert stored.path.startswith("snapshot/2024-10-08/000300-")
    assert list(files.walk(MediaKind.SNAPSHOT)) == [stored.path]


def test_leaving_without_commit_leaves_nothing(files: MediaFiles) -> None:
    with files.create(MediaKind.RECORDING, ".mp4") as pending:
        pending.write(b"half")
        pending.sync()
        assert files.leftovers(MediaKind.RECORDING) == [pending.path]
    assert files.leftovers(MediaKind.RECORDING) == []


def test_syncing_bears_a_file_that_is_closed_meanwhile(files: MediaFiles) -> None:
    """The recorder closes a segment while another thread brings it to the disk: an error would end that thread."""
    stop = threading.Event()
    wrong: list[Exception] = []
    current = [files.create(MediaKind.RECORDING, ".mp4")]

    def sync() -> None:
        while not stop.is_set():
            try:
                current[0].sync()
            except (AttributeError, OSError, ValueError) as error:
                wrong.append(error)
                return

    thread = threading.Thread(target=sync)
    thread.start()
    for _ in range(300):
        pending = current[0]
        pending.write(b"x")
        current[0] = files.create(MediaKind.RECORDING, ".mp4")
        pending.commit(AT)
    stop.set()
    thread.join()
    current[0].discard()
    assert wrong == []


def test_a_leftover_is_adopted_without_its_torn_end(files: MediaFiles) -> None:
    pending = files.create(MediaKind.RECORDING, ".mp4")
    pending.write(b"whole fragment|torn")
    assert pending._file is not None
    pending._file.close()
    [leftover] = files.leftovers(MediaKind.RECORDING)
    stored = files.adopt(MediaKind.RECORDING, leftover, AT, length=14)
    assert files.locate(stored.path).read_bytes() == b"whole fragment"
    assert stored.sha256 == hashlib.sha256(b"whole fragment").hexdigest()
    assert files.leftovers(MediaKind.RECORDING) == []


@pytest.mark.parametrize("path", ["../edge_agent.db", "/etc/passwd", "snapshot/../../x"])
def test_paths_out_of_the_folder_are_refused(files: MediaFiles, path: str) -> None:
    with pytest.raises(InputError, match="not a media file's path"):
        files.locate(path)
    with pytest.raises(InputError):
        files.delete(path)


def test_a_folder_that_is_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    with pytest.raises(StorageError, match="can't write media") as caught:
        MediaFiles(tmp_path / "media").create(MediaKind.SNAPSHOT, ".jpg")
    assert caught.value.do


def test_rows_come_back_as_they_went(writer: Writer, files: MediaFiles, database: Path) -> None:
    row = add(writer, files, b"one")
    connection = look(database)
    assert media.find(connection, row.id) == row
    assert media.attributes(connection, row.id) == {"codec": "jpeg"}
    assert media.of_lesson(connection, "A", MediaKind.SNAPSHOT) == [row]
    assert media.unconfirmed(connection, [MediaKind.SNAPSHOT], 10) == [row]
    assert not writer.run(lambda tx: media.confirm(tx, row.id, "0" * 64, by="centre")), "another hash confirms nothing"
    assert writer.run(lambda tx: media.confirm(tx, row.id, row.sha256, by="centre"))
    assert media.unconfirmed(look(database), [MediaKind.SNAPSHOT], 10) == []


def test_fsck_tells_missing_short_changed_and_unreferenced(writer: Writer, files: MediaFiles, database: Path) -> None:
    whole, short, changed, gone = (add(writer, files, name.encode() * 9) for name in ("w", "s", "c", "g"))
    files.locate(short.path).write_bytes(b"s")
    files.locate(changed.path).write_bytes(b"x" * 9)
    files.delete(gone.path)
    extra = files.store(MediaKind.SNAPSHOT, ".jpg", b"no row", AT)
    codes = {finding.subject: finding.code for finding in fsck(database, files, digests=True)}
    assert codes == {
        short.path: "size",
        changed.path: "digest",
        gone.path: "missing",
        extra.path: "unreferenced",
    }
    assert whole.path not in codes


def test_the_ballast_comes_and_goes(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "ballast", 4096)
    assert ballast.ensure()
    assert ballast.path.stat().st_blocks * 512 >= 4096, "really taken from the disk, not a hole"
    assert ballast.release()
    assert not ballast.release()
