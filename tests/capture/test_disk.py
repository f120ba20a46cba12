"""Disks that fill up, folders that vanish: what was written is kept, and recording goes on once it can."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge_agent.capture import tape
from edge_agent.capture.archive import Archive
from edge_agent.capture.causes import Cause
from edge_agent.capture.continuity import Hole
from edge_agent.capture.filing import SEAM
from edge_agent.errors import StorageError
from edge_agent.model.media import MediaKind
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store import media
from edge_agent.store.files import MediaFiles, Pending
from edge_agent.store.mp4 import read_index
from tests.capture.rig import missing, play, recording, wait_for
from tests.venue import Venue, reading

SPEC = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)


@pytest.fixture
def camera() -> Iterator[VirtualCamera]:
    with VirtualCamera(main=SPEC) as camera:
        yield camera


class SmallDisk:
    """Has room for so many bytes, until `room` is made."""

    def __init__(self, folder: Path, room: int) -> None:
        self.room = room
        self.folder = folder

    def create(self) -> Pending:
        if self.room <= 0:
            raise StorageError("full") from OSError(errno.ENOSPC, "No space left on device")
        return _Cramped(self)


class _Cramped(Pending):
    def __init__(self, disk: SmallDisk) -> None:
        super().__init__(disk.folder, MediaKind.RECORDING, ".mp4")
        self._disk = disk

    def write(self, data: bytes | memoryview) -> int:
        taken = bytes(data)[: max(0, self._disk.room)]
        self._disk.room -= len(data)
        super().write(taken)
        if len(taken) < len(data):
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)


def test_a_disk_that_fills_up_keeps_what_it_took(
    tmp_path: Path, camera: VirtualCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tape, "RETRY", 0.5)
    disk = SmallDisk(tmp_path, 50_000)
    with recording(camera.rtsp_url, tmp_path, create=disk.create) as rig:
        rig.wait_closed(1)
        wait_for(lambda: rig.tape.trouble is Cause.DISK_FULL, "the trouble")
        disk.room = 10_000_000
        rig.wait_since(1.5)
        assert rig.tape.trouble is None
    (torn, left), (after, path) = rig.closed
    assert (torn.torn, torn.cause) == (True, Cause.DISK_FULL)
    assert Hole(torn.end, after.start, Cause.DISK_FULL) in rig.holes
    assert read_index(left).end <= 50_000
    assert play(path).length > 1


def test_a_folder_that_vanished_is_made_again(tmp_path: Path, camera: VirtualCamera) -> None:
    with recording(camera.rtsp_url, tmp_path) as rig:
        rig.wait_since()
        shutil.rmtree(tmp_path / "recording")
        rig.tape.sync()
        assert rig.tape.trouble is Cause.FOLDER_GONE
        rig.wait_since()
    assert play(rig.closed[-1][1]).length > 0.5


def test_what_a_crash_left_is_kept_once(tmp_path: Path, camera: VirtualCamera) -> None:
    """A torn segment, one that has no row, one without a picture, and a file that is none of ours."""
    files = MediaFiles(tmp_path / "media")
    with recording(camera.rtsp_url, files.root, length=2) as rig:
        rig.wait_closed(1)
        rig.wait_since()
        (part,) = (files.root / "recording" / ".tmp").iterdir()
        torn = part.read_bytes()[:-5000]
    temporary = files.root / "recording" / ".tmp"
    (temporary / "torn.mp4").write_bytes(torn)
    (temporary / "header.mp4").write_bytes(torn[:1200])
    (temporary / "noise.mp4").write_bytes(b"\0" * 4000)
    venue = Venue(tmp_path)
    archive = Archive(venue.writer, files, lambda _camera, _shown: ("A",))
    assert archive.salvage(set()) == len(rig.closed) + 1
    with reading(venue.database) as connection:
        rows = list(media.present(connection, MediaKind.RECORDING))
    assert list(temporary.iterdir()) == []
    assert archive.salvage({row.path for row in rows}) == 0
    assert sorted(row.path for row in rows) == sorted(files.walk(MediaKind.RECORDING))
    for row in rows:
        shown = play(files.locate(row.path))
        assert missing(list(shown.stamps), 250) == 0
        assert row.end - row.start == pytest.approx(timedelta(seconds=shown.length + 0.04), abs=SEAM)
        assert files.digest(row.path) == row.sha256
        assert (row.camera, row.lesson) == ("c1", "A")
    archive.close()
    venue.close()
