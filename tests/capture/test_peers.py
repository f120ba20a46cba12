"""Cameras that we did not write: go2rtc and GStreamer's RTSP server, the latter with digest authentication."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge_agent.capture import slots
from tests.capture.house import check_whole, open_house
from tests.capture.rig import play, recording
from tests.servers import Go2rtc, GstRtsp, program

H265 = (
    "( videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=10/1 "
    "! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96 )"
)


def clip(folder: Path, encoder: str) -> Path:
    path = folder / "clip.mp4"
    pictures = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i", "sine=sample_rate=16000"]
    coded = ["-t", "4", "-c:v", encoder, "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    command = [program("ffmpeg", package="ffmpeg"), "-v", "error", *pictures, *coded, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize(("encoder", "codec"), [("libx264", "h264"), ("libx265", "hevc")])
def test_go2rtc_with_the_sound_copied(tmp_path: Path, encoder: str, codec: str) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with (
        Go2rtc(folder, {"cam": Go2rtc.looped(clip(tmp_path, encoder))}) as server,
        recording(server.rtsp("cam"), tmp_path, length=2, audio=True) as rig,
    ):
        rig.wait_closed(2)
    for _, path in rig.closed:
        shown = play(path)
        assert shown.codecs == (codec, "aac")
        assert set(shown.sizes) == {(320, 180)}
    assert rig.closed[0][0].end == rig.closed[1][0].start


@pytest.mark.parametrize(("launch", "codec"), [(None, "h264"), (H265, "hevc")])
def test_gstreamer_with_digest(tmp_path: Path, launch: str | None, codec: str) -> None:
    """It starts its clients in mid-GOP, and gives the first packets no time."""
    folder = tmp_path / "server"
    folder.mkdir()
    mounts = {"/main": launch} if launch else None
    with (
        GstRtsp(folder, mounts, user="admin", password="a b@c/d") as server,
        recording(server.rtsp().replace("a b@c/d", "a%20b%40c%2Fd"), tmp_path, length=2) as rig,
    ):
        rig.wait_closed(2)
    assert {play(path).codecs for _, path in rig.closed} == {(codec,)}
    assert rig.closed[0][0].end == rig.closed[1][0].start


def go2rtc(stack: ExitStack, folder: Path) -> str:
    return stack.enter_context(Go2rtc(folder, {"cam": Go2rtc.looped(clip(folder, "libx264"))})).rtsp("cam")


def gstreamer(stack: ExitStack, folder: Path) -> str:
    return stack.enter_context(GstRtsp(folder, user="admin", password="secret")).rtsp()


@pytest.mark.slow
@pytest.mark.parametrize("serve", [go2rtc, gstreamer])
def test_a_lesson_end_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[[ExitStack, Path], str]
) -> None:
    monkeypatch.setattr(slots, "SETTLE_SECONDS", 0.5)
    folder = tmp_path / "server"
    folder.mkdir()
    with ExitStack() as stack, open_house(tmp_path) as house:
        house.bind(serve(stack, folder))
        lesson = house.add_lesson()
        house.start()
        house.tick(lambda: len(house.slots()) == 3 and bool(house.facts("recording.stopped")), "the end", 60)
        house.stop()
        check_whole(house, lesson)
