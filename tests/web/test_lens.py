"""A kiosk with a camera of the device: the preview in Chromium, frames at the engine, and what is said without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.model.camera import Camera, CameraKind
from edge_agent.simulator import Codec
from edge_agent.store import cameras
from edge_agent.store.kiosks import Kiosk, save_kiosk
from tests.playback.test_live import on_air
from tests.servers import chromium
from tests.venue import RunningClock, at
from tests.web.conftest import House

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


def open_kiosk(browser: Browser, house: House) -> Page:
    def give_camera(tx: object) -> None:
        cameras.save_camera(tx, Camera("k1", "门口", CameraKind.RTSP, "", "rtsp://nowhere"))  # type: ignore[arg-type]  # the writer's transaction
        save_kiosk(tx, Kiosk("k1", "门口", camera="k1"), by="test")  # type: ignore[arg-type]  # the same

    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    context.add_cookies(house.kiosk_cookies())
    house.venue.writer.run(give_camera)
    page = context.new_page()
    page.goto(f"{house.url}/kiosk")
    return page


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_it_sees_and_shows_what_it_sees(browser: Browser, house: House, tmp_path: Path, codec: Codec) -> None:
    """HEVC too, which this Chromium can't decode: the page is sent pictures."""
    with on_air(tmp_path, codec):
        kiosk = open_kiosk(browser, house)
        expect_movement(kiosk)
        frames = house.faces.frames
        kiosk.wait_for_timeout(2000)
        assert 10 <= house.faces.frames - frames <= 25
        house.faces.match("t1")
        expect(kiosk.locator("#said")).to_contain_text("签到成功")
        kiosk.context.close()


def test_without_capture_it_says_so_and_recovers(browser: Browser, house: House, tmp_path: Path) -> None:
    kiosk = open_kiosk(browser, house)
    expect(kiosk.locator("#said")).to_contain_text("摄像头不可用，请找讲师办理签到")
    with on_air(tmp_path):
        expect(kiosk.locator("#board")).to_be_visible(timeout=20_000)
        expect_movement(kiosk)
    kiosk.context.close()
