"""Cameras, recordings and files that the centre asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import lessons
from edge_agent.store import media as media_rows
from edge_agent.store.cameras import save_camera
from edge_agent.store.uploads import Wanted, next_upload
from edge_agent.sync.contract.codes import Code
from tests.sync.office import Office, lesson, roster
from tests.sync.world import NOW


def test_cameras_are_associated_and_recordings_asked_for(office: Office) -> None:
    office.send("roster", **roster())
    office.send("timetable", class_id="c1", lessons=[lesson()])
    camera = Camera("cam1", "前", CameraKind.RTSP, "r1", "rtsp://x")
    office.agent.writer.run(lambda tx: save_camera(tx, camera))
    assert office.send("association", lesson="L1", cameras=["cam1"]).data == {"revision": 2}
    assert office.send("association", lesson="L1", cameras=["cam2"]).code is Code.NOT_FOUND
    span: dict[str, Any] = {"start": NOW, "end": NOW + timedelta(hours=2)}
    assert office.send("record.start", lesson="L1", camera="cam1", **span).result == "done"
    assert [each.camera for each in lessons.recordings_by_hand(office.reader, NOW)] == ["cam1"]
    assert office.send("record.stop", lesson="L1", camera="cam1").result == "done"
    assert lessons.recordings_by_hand(office.reader, NOW) == []
    past: dict[str, Any] = {"start": NOW - timedelta(hours=3), "end": NOW - timedelta(hours=1)}
    assert office.send("record.start", lesson="L1", camera="cam1", **past).code is Code.INVALID


def test_of_two_commands_about_one_thing_the_later_counts_in_whatever_order_they_come(office: Office) -> None:
    office.send("roster", **roster())
    office.send("timetable", class_id="c1", lessons=[lesson()])
    for name in ("cam1", "cam2"):
        camera = Camera(name, name, CameraKind.RTSP, "r1", "rtsp://x")
        office.agent.writer.run(lambda tx, camera=camera: save_camera(tx, camera))  # type: ignore[misc]  # mypy can't infer a default
    minute = timedelta(minutes=1)
    span: dict[str, Any] = {"start": NOW, "end": NOW + timedelta(hours=2)}
    start = office.letter("record.start", lesson="L1", camera="cam1", age=minute, **span)
    assert office.send("record.stop", lesson="L1", camera="cam1").result == "done"
    late = office.desk.receive(start)
    assert (late.result, late.code, "counts already" in late.reason) == ("refused", Code.STALE, True)
    assert lessons.recordings_by_hand(office.reader, NOW) == []
    assert office.send("record.start", lesson="L1", camera="cam2", age=minute, **span).result == "done"
    assert office.send("association", lesson="L1", cameras=["cam1"]).result == "done"
    assert office.send("association", lesson="L1", cameras=["cam2"], age=minute).code is Code.STALE
    assert lessons.get_lesson(office.reader, "L1").cameras == ("cam1",)


def test_an_association_does_not_undo_what_the_venue_changed_since(office: Office) -> None:
    office.send("roster", **roster())
    office.send("timetable", class_id="c1", lessons=[lesson()])
    office.agent.writer.run(lambda tx: save_camera(tx, Camera("cam1", "前", CameraKind.RTSP, "r1", "rtsp://x")))
    office.agent.writer.run(lambda tx: lessons.associate(tx, "L1", ["cam1"], by="a"))
    refused = office.send("association", lesson="L1", cameras=[], revision=1)
    assert (refused.code, "revision 2" in refused.reason) == (Code.STALE, True)
    assert office.send("association", lesson="L1", cameras=[], revision=2).result == "done"


def _media(office: Office, kind: MediaKind) -> str:
    stored = office.agent.files.store(kind, ".x", b"x", NOW)
    media = Media(media_rows.new_media_id(), kind, stored.path, stored.sha256, stored.size, NOW, NOW)
    office.agent.writer.run(lambda tx: media_rows.add(tx, media))
    return media.id


def test_files_are_sent_on_request_but_never_those_that_never_leave(office: Office) -> None:
    recording, card = _media(office, MediaKind.RECORDING), _media(office, MediaKind.CARD)
    wanted = [Wanted(MediaKind.RECORDING, all=False)]
    assert next_upload(office.reader, wanted, NOW) is None
    result = office.send("media", media=[recording, "gone"])
    assert result.data == {"requested": 1, "missing": ["gone"]}
    upload = next_upload(office.reader, wanted, NOW)
    assert upload is not None
    assert (upload.media.id, upload.headers) == (recording, None)
    assert "never leave" in office.send("media", media=[card]).reason
    office.send("media.presigned", uploads=[{"media": recording, "url": "http://s3/x", "headers": {"a": "b"}}])
    upload = next_upload(office.reader, wanted, NOW)
    assert upload is not None
    assert (upload.url, upload.headers) == ("http://s3/x", {"a": "b"})
