"""Every kind of camera as packets: RTSP from three servers, a USB and a CSI camera through their children."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
import pytest

from edge_agent.cameras.address import Login
from edge_agent.cameras.sources import RtspSource, Source, Sources
from edge_agent.cameras.usb import usb_cameras
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.simulator import StreamSpec, VirtualCamera
from tests.data import ROOT, made_clip
from tests.servers import Go2rtc, GstRtsp

FAKES = Path(__file__).parent / "fakes"


def bound(kind: CameraKind, main: str, sub: str = "") -> Camera:
    return Camera(id="c1", name="c1", kind=kind, room="101", main=main, sub=sub)


def first_picture(source: Source) -> tuple[str, int]:
    """Codec and width of the first picture that can be decoded."""
    with source.open() as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            with suppress(av.FFmpegError):  # GStreamer begins in mid-GOP
                for frame in packet.decode():
                    return stream.codec_context.name, frame.width
    raise AssertionError("no picture")


@pytest.fixture
def sources() -> Iterator[Sources]:
    opened = Sources(lambda _: Login("admin", "p@ss:w/rd"), csi_python=sys.executable)
    yield opened
    opened.close()


def test_main_and_sub_of_a_network_camera(sources: Sources) -> None:
    main, sub = StreamSpec(codec="h265", width=320, height=180, seconds=1), StreamSpec(width=160, height=90, seconds=1)
    with VirtualCamera(password="p@ss:w/rd", main=main, sub=sub) as camera:
        row = bound(CameraKind.ONVIF, camera.url(credentials=False), camera.url("sub", credentials=False))
        assert first_picture(sources.of(row, "main")) == ("hevc", 320)
        assert first_picture(sources.of(row, "sub")) == ("h264", 160)
        assert first_picture(sources.of(bound(CameraKind.RTSP, row.main), "sub")) == ("hevc", 320)
        assert sources.of(row).answers()
        assert "p@ss" not in repr(sources.of(row))
    assert not sources.of(row).answers()


def test_cameras_of_other_makers(tmp_path: Path) -> None:
    with Go2rtc(tmp_path, {"room": Go2rtc.looped(made_clip())}, user="u", password="p") as server:
        assert first_picture(RtspSource(server.rtsp("room"))) == ("h264", 640)
    with GstRtsp(tmp_path, user="u", password="p") as gst:
        assert first_picture(RtspSource(gst.rtsp())) == ("h264", 320)


def test_a_usb_camera_gives_both_streams_from_one_device(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    picture = "testsrc=size=640x480:rate=15,realtime"
    url = f"usb:{picture}?format=lavfi&fps=15"
    assert_both_streams(sources, bound(CameraKind.USB, url), (640, 640))


def test_a_csi_camera_gives_both_streams_from_one_sensor(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(FAKES))
    assert_both_streams(sources, bound(CameraKind.CSI, "csi:0?size=800x600&fps=15"), (800, 640))


def assert_both_streams(sources: Sources, camera: Camera, widths: tuple[int, int]) -> None:
    """Both at once; the one that nobody reads does not stall the other; the child ends with its last reader."""
    (child,) = {sources.of(camera, "main").child, sources.of(camera, "sub").child}  # type: ignore[attr-defined] # local ones
    process = read_both(sources, camera, widths)
    assert child._run._process is process
    process.wait(10)
    assert first_picture(sources.of(camera, "sub")) == ("h264", widths[1])


def read_both(sources: Sources, camera: Camera, widths: tuple[int, int]) -> subprocess.Popen[bytes]:
    """The child. What was opened ends with this function, as PyAV counts references."""
    with sources.of(camera, "main").open() as main, sources.of(camera, "sub").open() as sub:
        assert (main.streams.video[0].width, sub.streams.video[0].width) == widths
        packets = main.demux(main.streams.video[0])
        assert any(packet.is_keyframe for packet in itertools.islice(packets, 30))
        times = [packet.pts or 0 for packet in itertools.islice(packets, 30)]
        assert times == sorted(times)
        process = sources.of(camera, "main").child._run._process  # type: ignore[attr-defined] # a local one
        assert isinstance(process, subprocess.Popen)
        return process


def test_a_local_camera_that_is_not_there_is_an_end_of_stream(sources: Sources) -> None:
    began = time.monotonic()
    for camera in (bound(CameraKind.USB, "usb:/dev/video99"), bound(CameraKind.CSI, "csi:7")):
        with pytest.raises((av.FFmpegError, OSError, EOFError)):
            sources.of(camera).open()
    assert not sources.of(bound(CameraKind.USB, "usb:/dev/video99")).answers()
    assert time.monotonic() - began < 60


def test_usb_cameras_are_listed_under_names_that_stay(tmp_path: Path) -> None:
    devices, class_ = tmp_path / "by-id", tmp_path / "class"
    devices.mkdir()
    for index, (serial, number) in enumerate((("046d_HD_Webcam_C270_2A1B", 0), ("046d_HD_Webcam_C270_2A1B", 1))):
        (tmp_path / f"video{number}").touch()
        (devices / f"usb-{serial}-video-index{index}").symlink_to(f"../video{number}")
        (class_ / f"video{number}").mkdir(parents=True)
        (class_ / f"video{number}" / "name").write_text("HD Webcam C270\n")
    (found,) = usb_cameras(devices, class_)
    assert (found.name, found.serial) == ("HD Webcam C270", "046d_HD_Webcam_C270_2A1B")
    assert usb_cameras(tmp_path / "none", class_) == []
