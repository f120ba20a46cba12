"""A kiosk with a camera of the device: the preview in Chromium, frames at the engine, and what is said without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.simulator import Codec
from edge_agent.store import cameras
from edge_agent.store.kiosks import Kiosk, save_kiosk
from edge_agent.store.writer import Transaction
from tests.capture.rig import wait_for
from tests.playback.test_live import shown_by_capture, virtual_camera
from tests.servers import chromium
from tests.venue import RunningClock, at
from tests.web.conftest import House

Way = Callable[[Path, Codec], AbstractContextManager[Camera]]

DRAWN = """() => {
  const canvas = document.getElementById('preview');
  if (canvas.width === 300) return '';  // as it is before anything is drawn
  return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.join();
}"""


def expect_movement(kiosk: Page) -> None:
    pictures: set[str] = set()
    for _ in range(100):
        pictures.add(kiosk.evaluate(DRAWN))
        if len(pictures - {""}) > 2:
            return
        kiosk.wait_for_timeout(200)
    raise AssertionError("the preview stands still")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:  # no camera of its own
        yield browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, RunningClock(at("07:50")))
    house.venue.add_class()
    house.venue.add_trainee()
    house.venue.add_lesson("A", "08:00")
    yield house
    house.stop()
    house.venue.close()


def open_kiosk(browser: Browser, house: House, camera: Camera) -> Page:
    def give_camera(tx: Transaction) -> None:
        cameras.save_camera(tx, camera)
        save_kiosk(tx, Kiosk("k1", "门口", camera="k1"), by="test")

    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    context.add_cookies(house.kiosk_cookies())
    house.venue.writer.run(give_camera)
    page = context.new_page()
    page.goto(f"{house.url}/kiosk")
    return page


def at_the_door(main: str, sub: str = "", kind: CameraKind = CameraKind.RTSP) -> Camera:
    return Camera("k1", "门口", kind, "", main, sub)


@contextmanager
def through_capture(folder: Path, codec: Codec) -> Iterator[Camera]:
    """The row leads nowhere: only capture has the picture."""
    with virtual_camera(codec) as camera, shown_by_capture(folder / "live.sock", camera):
        yield at_the_door("rtsp://nowhere")


@contextmanager
def by_itself(_folder: Path, codec: Codec) -> Iterator[Camera]:
    with virtual_camera(codec) as camera:
        yield at_the_door(camera.url("main"), camera.url("sub"))


@contextmanager
def plugged_in(_folder: Path, _codec: Codec) -> Iterator[Camera]:
    """A webcam's child, which reads FFmpeg's test picture where V4L2 would be."""
    yield at_the_door("usb:testsrc2=size=320x180:rate=15,realtime?format=lavfi&fps=15", kind=CameraKind.USB)


@pytest.mark.parametrize(
    ("way", "codec"),
    [
        (through_capture, "h264"),
        (through_capture, "h265"),  # which this Chromium can't decode: the page is sent pictures
        (by_itself, "h264"),
        (by_itself, "h265"),
        (plugged_in, "h264"),
    ],
)
def test_it_sees_and_shows_what_it_sees(browser: Browser, house: House, tmp_path: Path, way: Way, codec: Codec) -> None:
    with way(tmp_path, codec) as camera:
        kiosk = open_kiosk(browser, house, camera)
        expect_movement(kiosk)
        frames = house.faces.frames
        kiosk.wait_for_timeout(2000)
        assert 10 <= house.faces.frames - frames <= 25
        house.faces.match("t1")
        expect(kiosk.locator("#said")).to_contain_text("签到成功")
        kiosk.context.close()


def test_without_any_picture_it_says_so_and_recovers(browser: Browser, house: House, tmp_path: Path) -> None:
    kiosk = open_kiosk(browser, house, at_the_door("rtsp://nowhere"))
    expect(kiosk.locator("#said")).to_contain_text("摄像头不可用，请找讲师办理签到")
    with virtual_camera() as camera, shown_by_capture(tmp_path / "live.sock", camera):
        expect(kiosk.locator("#board")).to_be_visible(timeout=20_000)
        expect_movement(kiosk)
    kiosk.context.close()


def test_a_camera_whose_password_only_capture_can_read_says_so_and_manual_sign_in_stays(
    browser: Browser, house: House
) -> None:
    """On an installed device the key is the capture service's alone, by design."""
    camera = replace(at_the_door("rtsp://nowhere", kind=CameraKind.ONVIF), secret="s1")
    kiosk = open_kiosk(browser, house, camera)
    expect(kiosk.locator("#said")).to_contain_text("摄像头不可用，请找讲师办理签到")
    expect(kiosk.locator("#said")).to_contain_text("手动签到效力相同")
    expect(kiosk.locator("#dark")).to_be_visible()
    expect(kiosk.locator("#preview")).to_be_hidden()
    kiosk.get_by_role("link", name="找讲师").click()
    kiosk.wait_for_url("**/kiosk/staff")
    kiosk.context.close()


def test_it_lets_the_camera_go_when_capture_is_back(browser: Browser, house: House, tmp_path: Path) -> None:
    with virtual_camera() as its_own, virtual_camera() as captured:
        kiosk = open_kiosk(browser, house, at_the_door(its_own.url("main"), its_own.url("sub")))
        expect_movement(kiosk)
        assert its_own.sessions == 1
        with shown_by_capture(tmp_path / "live.sock", captured):
            wait_for(lambda: (its_own.sessions, captured.sessions) == (0, 1), "capture to show it")
            expect_movement(kiosk)
            expect(kiosk.locator("#board")).to_be_visible()
        wait_for(lambda: its_own.sessions == 1, "the camera to be opened again")
        expect_movement(kiosk)
        kiosk.context.close()
