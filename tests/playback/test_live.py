"""Live video from a camera to Chromium: fragments where it can decode them, pictures where it can't."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from edge_agent.cameras.child import Stream
from edge_agent.cameras.sources import RtspSource
from edge_agent.capture.live_feeds import LiveFeeds
from edge_agent.capture.live_socket import LiveSocket
from edge_agent.clock import SystemClock
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.simulator import Codec, Fault, StreamSpec, VirtualCamera
from tests.capture.rig import wait_for
from tests.playback.theatre import Theatre, theatre

MAIN = StreamSpec(width=640, height=360, fps=10, kbps=400, seconds=10)
SUB = StreamSpec(width=320, height=180, fps=10, kbps=150, seconds=10)


@dataclass
class Set:
    camera: VirtualCamera
    theatre: Theatre
    feeds: LiveFeeds

    def watch(self, page: Page, query: str = "") -> None:
        page.goto(f"{self.theatre.url}/player.html?live=k1{query}")


@contextmanager
def shown_by_capture(path: Path, camera: VirtualCamera) -> Iterator[LiveFeeds]:
    """Camera `k1` on the socket of live video."""
    row = Camera("k1", "前门", CameraKind.RTSP, "101", camera.url("main"), camera.url("sub"))

    def source(_camera: Camera, stream: Stream) -> RtspSource:
        return RtspSource(camera.url(stream))

    feeds = LiveFeeds(lambda: {"k1": row}, source, lambda _camera, _stream: None, SystemClock().boottime)
    socket = LiveSocket(path, feeds)
    socket.start()
    try:
        yield feeds
    finally:
        socket.close()
        feeds.close()


def virtual_camera(codec: Codec = "h264") -> VirtualCamera:
    return VirtualCamera(main=replace(MAIN, codec=codec), sub=replace(SUB, codec=codec))


@contextmanager
def on_air(folder: Path, codec: Codec = "h264") -> Iterator[Set]:
    with (
        virtual_camera(codec) as camera,
        theatre(folder, live_socket=folder / "live.sock") as house,
        shown_by_capture(folder / "live.sock", camera) as feeds,
    ):
        yield Set(camera, house, feeds)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Set]:
    with on_air(tmp_path) as scene:
        yield scene


def moves(page: Page) -> None:
    """Wait until the picture has moved on by a second."""
    page.wait_for_function("playback.video.readyState >= 2")
    before = page.evaluate("playback.video.currentTime")
    page.wait_for_function("(from) => playback.video.currentTime > from + 1", arg=before)


def test_the_substream_moves_and_stays_at_its_newest(page: Page, scene: Set) -> None:
    scene.watch(page)
    moves(page)
    assert page.evaluate("playback.video.videoWidth") == 320
    assert page.evaluate("playback.video.buffered.end(0) - playback.video.currentTime") < 2
    assert scene.camera.sessions == 1, "all viewers share one stream of the camera"
    other = page.context.new_page()
    scene.watch(other)
    moves(other)
    assert scene.camera.sessions == 1


def test_the_main_stream_can_be_asked_for(page: Page, scene: Set) -> None:
    scene.watch(page, "&stream=main")
    moves(page)
    assert page.evaluate("playback.video.videoWidth") == 640


def test_it_goes_on_when_the_camera_returns(page: Page, scene: Set) -> None:
    scene.watch(page)
    moves(page)
    scene.camera.fault(Fault.REBOOT, seconds=1)
    page.wait_for_function("document.querySelector('[role=status]').textContent.includes('设备')")
    page.wait_for_function("document.querySelector('[role=status]').textContent === ''")
    moves(page)


def test_a_codec_that_the_browser_lacks_is_shown_in_pictures(page: Page, tmp_path: Path) -> None:
    with on_air(tmp_path, "h265") as scene:
        scene.watch(page)
        page.wait_for_function("playback.image.naturalWidth === 320")
        first = page.evaluate("playback.image.src")
        page.wait_for_function("(before) => playback.image.src !== before", arg=first)
        assert page.is_hidden("video")


def test_without_the_capture_service_the_page_says_so(page: Page, tmp_path: Path) -> None:
    with theatre(tmp_path) as house:
        page.goto(f"{house.url}/player.html?live=k1")
        page.wait_for_function("document.querySelector('[role=status]').textContent === '录像服务未运行'")


def test_a_stream_that_nobody_watches_is_closed(scene: Set, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_agent.capture.live_feeds.LINGER", 0.1)
    live = scene.feeds.open("k1", "sub")
    wait_for(lambda: scene.camera.sessions == 1, "the camera's session")
    scene.feeds.release(live)

    def gone() -> bool:
        scene.feeds.tick()
        return scene.camera.sessions == 0

    wait_for(gone, "its end")
