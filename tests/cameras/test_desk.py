"""设备管理 end to end, against virtual cameras that have addresses of their own on the loopback network."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, time

import pytest

from edge_agent.cameras.address import place
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.errors import ConflictError, InputError, NotFoundError
from edge_agent.model.lesson import Lesson
from edge_agent.model.people import TrainingClass
from edge_agent.model.stamp import Trust
from edge_agent.simulator import Fault
from edge_agent.store.database import connect
from edge_agent.store.lessons import get_lesson, save_lesson
from edge_agent.store.training import save_class
from tests.cameras.venue import CODE, FAKES, Venue, camera


def test_serial_number_and_code_bind_that_camera_and_touch_no_other(venue: Venue) -> None:
    with camera(1) as one, camera(2, password="OTHER1") as other, camera(3, tells_serial=False) as mute:
        (bound,) = venue.bind(serial=one.serial, code=CODE, name="教室前")
        assert [each.wrong_guesses for each in (one, other, mute)] == [0, 0, 0]
        assert (bound.picture.codec, bound.picture.width) == ("h264", 320)
        row = bound.camera
        assert (row.room, row.name, row.serial, row.main) == ("101", "教室前", one.serial, one.url(credentials=False))
        assert row.sub == one.url("sub", credentials=False)
        assert row.endpoint == one.endpoint
    (fact,) = venue.facts("camera.bound")
    assert (fact["camera"], fact["serial"], fact["codec"]) == (row.id, one.serial, "h264")
    stored = b"".join(path.read_bytes() for path in venue.settings.store.data_dir.glob("edge_agent.db*"))
    assert CODE.encode() not in stored
    assert (login := venue.desk.login(row)) is not None
    assert (login.user, login.password) == ("admin", CODE)


def test_a_wrong_code_is_tried_once_and_nothing_is_stored(venue: Venue) -> None:
    with camera(1, lockout_after=2) as one:
        with pytest.raises(CameraError) as caught:
            venue.bind(serial=one.serial, code="WRONG1")
        assert caught.value.cause is Cause.UNAUTHORIZED
        assert one.wrong_guesses == 1
        assert venue.desk.cameras() == []
        venue.bind_there(one)
        assert len(venue.desk.cameras()) == 1


def test_a_serial_number_that_several_end_in_is_asked_back(venue: Venue) -> None:
    with camera(1, serial="DS-2CD-12345678") as one, camera(2, serial="DS-2DE-12345678") as two:
        with pytest.raises(ConflictError, match="DS-2DE-12345678"):
            venue.bind(serial="12345678", code=CODE)
        assert one.wrong_guesses == two.wrong_guesses == 0
        (bound,) = venue.bind(serial="2CD12345678", code=CODE)
        assert bound.camera.serial == one.serial


def test_a_camera_that_tells_no_serial_number_is_named_not_tried(venue: Venue) -> None:
    with camera(1, tells_serial=False) as one:
        with pytest.raises(CameraError, match=r"127\.0\.3\.1") as caught:
            venue.bind(serial=one.serial, code=CODE)
        assert "--host" in caught.value.do
        (bound,) = venue.bind(serial=one.serial, code=CODE, host="127.0.3.1")
        assert bound.camera.serial == one.serial
        assert one.wrong_guesses == 0


def test_the_device_at_an_address_must_be_the_one_of_the_label(venue: Venue) -> None:
    with camera(1) as one:
        with pytest.raises(CameraError) as caught:
            venue.bind(serial="C99999999", code="NOTHIS", host="127.0.3.1")
        assert caught.value.cause is Cause.OTHER_SERIAL
        assert one.wrong_guesses == 0


def test_a_recorder_gives_the_channel_that_is_chosen_or_all(venue: Venue) -> None:
    with camera(1, channels=3) as nvr:
        with pytest.raises(InputError, match="3"):
            venue.bind(serial=nvr.serial, code=CODE)
        (second,) = venue.bind(host="127.0.3.1", user="admin", password=CODE, channel=2, name="后排")
        assert (second.camera.channel, second.camera.main) == ("ch2", nvr.url(channel=2, credentials=False))
        every = venue.bind(serial=nvr.serial, code=CODE, channel=-1, name="NVR")
        assert [one.camera.name for one in every] == ["NVR 1", "NVR 2", "NVR 3"]
        assert every[1].camera.id == second.camera.id
        with pytest.raises(InputError, match="--channel 4"):
            venue.bind(serial=nvr.serial, code=CODE, channel=4)


def test_binding_again_keeps_the_camera(venue: Venue) -> None:
    with camera(1) as one:
        first = venue.bind_there(one)
        moved = venue.bind_there(one, room="102")
        assert moved.camera.id == first.camera.id
        assert venue.facts("camera.changed")[-1]["what"] == {"room": "102"}
        venue.desk.registry.unbind(first.camera.id, by="boss", reason="维修")
        assert venue.desk.cameras() == []
        assert venue.desk.login(first.camera) is None
        with pytest.raises(NotFoundError):
            venue.desk.registry.unbind(first.camera.id, by="boss")
        again = venue.bind_there(one)
        assert again.camera.id == first.camera.id
    assert [fact["camera"] for fact in venue.facts("camera.bound")] == [first.camera.id] * 2
    assert venue.facts("camera.unbound") == [{"camera": first.camera.id, "reason": "维修"}]


@pytest.mark.parametrize("tells_serial", [True, False])
def test_a_camera_that_got_another_address_is_found_again(venue: Venue, *, tells_serial: bool) -> None:
    """By its serial number, or by its endpoint where it hides that."""
    with camera(1, tells_serial=tells_serial) as one:
        bound = venue.bind_there(one)
    with camera(1, tells_serial=tells_serial, host="127.0.3.9") as moved, camera(2) as another:
        assert venue.test().cause is Cause.REFUSED
        report = venue.test(search=True)
        assert report.ok
        assert "127.0.3.9" in report.warnings[0]
        (row,) = venue.desk.cameras()
        assert (row.id, row.main) == (bound.camera.id, moved.url(credentials=False))
        assert moved.wrong_guesses == another.wrong_guesses == 0
    changed = venue.facts("camera.changed")[-1]["what"]
    assert isinstance(changed, dict)
    assert set(changed) == {"main", "sub", "snapshot", "host"}


@pytest.mark.parametrize(
    ("fault", "causes"),
    [
        (Fault.REFUSE, {Cause.REFUSED}),
        (Fault.WRONG_PASSWORD, {Cause.UNAUTHORIZED}),
        (Fault.LOCK_OUT, {Cause.LOCKED}),
        (Fault.OTHER_SERIAL, {Cause.OTHER_SERIAL}),
        (Fault.REDIRECT_LOOP, {Cause.BAD_ANSWER, Cause.TIMEOUT}),  # FFmpeg runs in the circle until our deadline
        (Fault.SILENT, {Cause.TIMEOUT}),
        (Fault.EMPTY_FRAMES, {Cause.NO_PICTURE, Cause.TIMEOUT}),
        (Fault.NO_KEYFRAME, {Cause.NO_PICTURE, Cause.TIMEOUT}),
    ],
)
def test_what_is_wrong_is_said(venue: Venue, monkeypatch: pytest.MonkeyPatch, fault: Fault, causes: set[Cause]) -> None:
    with camera(1) as one:
        venue.bind_there(one)
        for name in ("sources.OPEN_SECONDS", "sources.READ_SECONDS", "picture.PATIENCE_S"):
            monkeypatch.setattr(f"edge_agent.cameras.{name}", 1.0)
        one.fault(fault)
        report = venue.test()
    assert report.cause in causes
    assert report.words
    assert report.do
    assert CODE not in str(report)


def test_another_camera_in_its_place_is_on_the_record_until_it_is_back(venue: Venue) -> None:
    with camera(1) as one:
        venue.bind_there(one)
        one.fault(Fault.OTHER_SERIAL)
        venue.test()
        venue.test()
        one.clear()
        assert venue.test().ok
    assert [(state["state"], state["cause"]) for state in venue.facts("camera.state")] == [
        ("offline", "other_serial"),
        ("unknown", ""),
    ]


def test_a_camera_whose_address_another_one_got_is_found_again(venue: Venue) -> None:
    with camera(1) as one:
        bound = venue.bind_there(one)
    with camera(1, serial="C00000099", password="OTHER") as thief, camera(5, serial=one.serial):
        report = venue.test(search=True)
        assert thief.wrong_guesses <= 1
    assert report.ok
    assert venue.desk.cameras()[0].host.startswith("127.0.3.5")
    assert venue.desk.cameras()[0].id == bound.camera.id


def test_a_camera_without_onvif_is_still_tested_by_its_picture(venue: Venue) -> None:
    with camera(1) as one:
        venue.bind_there(one)
        one.fault(Fault.NOT_SOAP)
        report = venue.test()
    assert report.ok
    assert report.main is not None
    assert report.main.milliseconds > 0
    assert "ONVIF" in report.warnings[0]


def test_a_clock_is_set_by_one_that_can_be_trusted(venue: Venue) -> None:
    with camera(1) as one:
        venue.bind_there(one)
        one.fault(Fault.CLOCK_SKEW, offset=600)
        venue.clock.trust = Trust.UNTRUSTED
        doubtful = venue.test(set_clock=True)
        assert not doubtful.clock_set
        assert "本机时间未经确认" in doubtful.warnings[-1]
        venue.clock.trust = Trust.SYNCED
        report = venue.test(set_clock=True)
        assert report.clock_set
        assert report.skew is not None
        assert abs(report.skew - 600) < 2
        assert f"{report.skew:+.1f} s" in report.warnings[0]
        again = venue.test().skew
        assert again is not None
        assert abs(again) < 2
    assert [fact["corrected"] for fact in venue.facts("camera.clock")] == [False, False, True, False]


def test_a_plain_rtsp_address(venue: Venue) -> None:
    with camera(1) as one:
        (bound,) = venue.bind(rtsp=one.rtsp_url, sub=one.url("sub"), name="旧摄像机")
        assert bound.camera.main == one.url(credentials=False)
        assert venue.test().ok
        with pytest.raises(CameraError) as caught:
            venue.bind(rtsp=one.url("nothing"))
        assert caught.value.cause is Cause.NO_STREAM
    for wrong in ("file:///etc/passwd", "rtsp://host:99999/x", "concat:a|b"):
        with pytest.raises(InputError):
            venue.bind(rtsp=wrong)


def test_an_rtsp_address_of_a_camera_bound_over_onvif_keeps_what_is_known_of_it(venue: Venue) -> None:
    with camera(1) as one:
        first = venue.bind_there(one, name="前门")
        (again,) = venue.bind(rtsp=one.rtsp_url, room="102")
        assert again.camera == replace(first.camera, room="102")
        assert venue.facts("camera.changed")[-1]["what"] == {"room": "102"}
        assert venue.test().ok


def test_a_camera_bound_by_its_address_becomes_one_of_onvif(venue: Venue) -> None:
    """Or it would be recorded twice."""
    with camera(1) as one:
        (first,) = venue.bind(rtsp=one.rtsp_url)
        second = venue.bind_there(one)
    assert [row.id for row in venue.desk.cameras()] == [first.camera.id] == [second.camera.id]
    assert (second.camera.kind, second.camera.serial) == ("onvif", one.serial)


def test_addresses_that_differ_in_what_goes_without_saying_are_one() -> None:
    assert place("rtsp://Cam.lan/1?a") == place("rtsp://cam.lan:554/1?a") != place("rtsp://cam.lan:8554/1?a")


def test_a_refusal_is_told_once(venue: Venue) -> None:
    with camera(1) as one:
        venue.bind_there(one)
        one.fault(Fault.REFUSE)
        report = venue.test()
    assert report.cause is Cause.REFUSED
    assert report.warnings == []


def test_a_local_camera_that_is_not_there_is_told_as_one(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    for wish in ({"csi": 0}, {"usb": "/dev/video99"}):
        with pytest.raises(CameraError, match="找不到此设备") as caught:
            venue.bind(**wish)
        assert "picamera2" in caught.value.do


def test_a_csi_camera(venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    (bound,) = venue.bind(csi=0)
    assert (bound.camera.kind, bound.picture.width, bound.camera.codec) == ("csi", 1920, "h264")


def test_a_wish_says_one_way(venue: Venue) -> None:
    for wrong in ({}, {"serial": "C00000001"}, {"host": "h", "rtsp": "rtsp://h/x"}, {"rtsp": "rtsp://h/x", "room": ""}):
        with pytest.raises(InputError):
            venue.bind(**wrong)
    with pytest.raises(InputError, match="99999"):
        venue.bind(host="127.0.0.1:99999", code=CODE)


def test_a_lesson_gets_cameras_of_its_own(venue: Venue) -> None:
    with camera(1) as one:
        bound = venue.bind_there(one)
    training = TrainingClass("c1", "2024-1", "电工", "", date(2024, 10, 8), date(2024, 10, 30), 40)
    venue.writer.run(lambda tx: save_class(tx, training, by="boss"))
    lesson = Lesson(id="l1", class_id="c1", date=date(2024, 10, 8), start=time(9), periods=2)
    venue.writer.run(lambda tx: save_lesson(tx, lesson, change="added", by="boss"))
    venue.desk.registry.associate("l1", [bound.camera.id], by="boss")
    with closing(connect(venue.settings.store.database)) as connection:
        assert get_lesson(connection, "l1").cameras == (bound.camera.id,)
    assert venue.facts("camera.associated") == [{"lesson": "l1", "cameras": [bound.camera.id]}]
    with pytest.raises(NotFoundError):
        venue.desk.registry.associate("l1", ["cam-none"], by="boss")
