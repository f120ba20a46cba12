"""The kiosk as people stand before it: sizes on every screen, the voice, and digits without a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.store.accounts import Role
from edge_agent.web.auth import login
from tests.servers import chromium
from tests.venue import RunningClock, at
from tests.web.conftest import House
from tests.web.ears import EARS

SCREENS = [(1024, 600), (600, 1024), (1280, 800), (800, 1280), (1920, 1080)]
FIFTEEN_MM = 100  # pixels on a panel of 170 dots an inch
POINTS_48 = 64  # CSS pixels
LONG = "古丽努尔·阿布都热西提"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path, RunningClock(at("07:50")))
    house.venue.add_class()
    house.venue.add_trainee("t1", name=LONG)
    house.venue.add_trainee("t2", name="李秀英")
    house.venue.add_lesson("A", "08:00")
    yield house
    house.stop()
    house.venue.close()


def kiosk_of(browser: Browser, house: House, size: tuple[int, int] = (1280, 800)) -> Page:
    context = browser.new_context(locale="zh-CN", viewport={"width": size[0], "height": size[1]})
    context.add_cookies(house.kiosk_cookies())
    page = context.new_page()
    page.add_init_script(EARS)
    page.goto(f"{house.url}/kiosk")
    page.locator(".line").first.wait_for()
    return page


@pytest.mark.parametrize("size", SCREENS)
def test_names_and_buttons_are_large_and_nothing_is_cut(browser: Browser, house: House, size: tuple[int, int]) -> None:
    kiosk = kiosk_of(browser, house, size)
    button = kiosk.get_by_role("link", name="找讲师").bounding_box()
    assert button is not None
    assert button["height"] >= FIFTEEN_MM
    house.faces.match("t1")
    expect(kiosk.locator("#said-title")).to_have_text(LONG)
    told = kiosk.evaluate("""() => {
      const said = document.getElementById('said');
      return [parseFloat(getComputedStyle(document.getElementById('said-title')).fontSize),
        said.scrollHeight - said.clientHeight, document.documentElement.scrollHeight - innerHeight];
    }""")
    assert told[0] >= POINTS_48
    assert told[1:] == [0, 0]
    kiosk.context.close()


def test_the_voice_is_off_once_teaching_has_begun(browser: Browser, house: House) -> None:
    kiosk = kiosk_of(browser, house)
    house.faces.match("t1")
    expect(kiosk.locator("#said-text")).to_have_text("签到成功")
    assert kiosk.evaluate("spoken") == [f"{LONG} 签到成功"]
    house.venue.clock.set(at("08:05"))
    kiosk.reload()
    kiosk.locator(".line").first.wait_for()
    house.faces.match("t2")
    expect(kiosk.locator("#said-text")).to_have_text("签到成功")
    assert kiosk.evaluate("spoken") == []
    kiosk.context.close()


def test_an_instructor_taps_name_and_pin(browser: Browser, house: House) -> None:
    account = house.add_account(Role.INSTRUCTOR, name="李老师")
    house.add_account(Role.ADMINISTRATOR, name="张主任", pin="other")
    login.set_pin(house.site, account, "280914", by="test")
    kiosk = kiosk_of(browser, house)
    kiosk.get_by_role("link", name="找讲师").click()
    kiosk.get_by_text("李老师").click()
    for digit in "280914":
        kiosk.get_by_role("button", name=digit, exact=True).click()
    kiosk.get_by_role("button", name="删除一位").click()
    kiosk.get_by_role("button", name="4", exact=True).click()
    kiosk.get_by_role("button", name="进入").click()
    kiosk.wait_for_url("**/teach")
    kiosk.context.close()
