"""The kiosk's page in Chromium: a day of taps, a queue, a lost connection, garbage. States: `test_kiosk_states.py`."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from edge_agent.faces.answer import (
    Answer,
    Cause,
    Confirm,
    Guide,
    Hint,
    Refused,
    Unknown,
)
from edge_agent.model.stamp import Trust
from edge_agent.store import training
from edge_agent.store.attendance import of_class
from edge_agent.store.facts import read_facts
from edge_agent.web.line import BAD_MESSAGES
from tests.servers import chromium
from tests.venue import at, reading
from tests.web.conftest import House
from tests.web.dummy_faces import EVIDENCE


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@pytest.fixture
def context(browser: Browser, house: House) -> Iterator[BrowserContext]:
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201 教室", by="test"))
    house.venue.add_class()
    house.venue.add_trainee()
    house.venue.add_trainee("t2", name="李秀英")
    house.venue.add_lesson("A", "08:00", room="r1")
    house.venue.add_lesson("B", "09:40", room="r1")
    with browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800}) as context:
        context.add_cookies(house.kiosk_cookies("r1"))
        yield context


@pytest.fixture
def kiosk(context: BrowserContext, house: House) -> Page:
    page = context.new_page()
    page.goto(f"{house.url}/kiosk")
    return page


def expect_words(kiosk: Page, look: str, *texts: str) -> None:
    expect(kiosk.locator("#kiosk")).to_have_attribute("data-look", look)
    for text in texts:
        expect(kiosk.locator("#said")).to_contain_text(text)


def answers(kiosk: Page, count: int) -> list[tuple[str, str]]:
    """Wait for so many answers, and give the names and states that were shown."""
    script = "performance.getEntriesByName('answer').map((entry) => [entry.detail.name, entry.detail.state])"
    shown: list[tuple[str, str]] = []
    for _ in range(100):
        shown = [(name, state) for name, state in kiosk.evaluate(script)]
        if len(shown) >= count:
            break
        kiosk.wait_for_timeout(100)
    return shown


def repeated(house: House, answer: type[Unknown], times: int) -> list[Answer]:
    return [answer(visit=house.faces.visit(), evidence=EVIDENCE) for _ in range(times)]


def test_before_the_lesson_a_countdown(kiosk: Page) -> None:
    expect(kiosk.locator("#board")).to_contain_text("下一节 · 07:45 开始签到")
    expect(kiosk.locator(".left")).to_have_text(re.compile(r"^(45:00|44:5\d)$"))
    expect(kiosk.locator(".room")).to_have_text("201 教室")


def test_in_out_and_both(kiosk: Page, house: House) -> None:
    house.venue.clock.set(at("07:50"))
    house.faces.match("t1")
    expect_words(kiosk, "good", "王小明", "签到成功", "09:29 起可签退")
    expect(kiosk.locator("#lines")).to_contain_text("1/2")
    expect(kiosk.locator("#kiosk")).to_have_attribute("data-look", "idle")
    house.faces.match("t1")
    expect_words(kiosk, "calm", "王小明", "已签到", "09:29 起可签退")
    house.venue.clock.set(at("09:26"))
    house.faces.match("t1")
    expect_words(kiosk, "warn", "本节尚未下课，09:29 后可签退")
    house.venue.clock.set(at("09:30"))
    house.faces.match("t1")
    expect_words(kiosk, "good", "第1-2节已签退，第3-4节已签到")
    house.venue.clock.set(at("11:10"))
    house.faces.match("t1")
    expect_words(kiosk, "good", "签退成功")
    house.faces.match("t1")
    expect_words(kiosk, "calm", "已签退")
    assert house.faces.grown == ["t1"] * 3


def test_a_stranger_is_asked_twice_then_sent_to_the_instructor(kiosk: Page, house: House) -> None:
    house.faces.say(*repeated(house, Unknown, 1))
    expect_words(kiosk, "warn", "请正对摄像头")
    house.faces.say(*repeated(house, Unknown, 2))
    expect_words(kiosk, "bad", "未识别到您，请找讲师办理签到")
    with reading(house.venue.database) as connection:
        assert list(read_facts(connection, kinds=("attendance.",))) == []


def test_a_doubtful_face_goes_to_the_instructor(kiosk: Page, house: House) -> None:
    house.faces.say(Confirm(visit=1, candidates=("t1", "t2"), evidence=EVIDENCE))
    expect_words(kiosk, "bad", "未识别到您，请找讲师办理签到")
    assert [doubt.candidates for doubt in house.site.doubts] == [("t1", "t2")]


def test_a_picture_is_refused_and_kept_nowhere(kiosk: Page, house: House) -> None:
    house.faces.say(Refused(visit=1, cause=Cause.FLAT, evidence=EVIDENCE))
    expect_words(kiosk, "bad", "未通过，请找讲师")
    with reading(house.venue.database) as connection:
        assert [fact.kind for fact in read_facts(connection, kinds=("attendance.",))] == ["attendance.flat_refused"]


def test_without_the_time(kiosk: Page, house: House) -> None:
    house.venue.clock.trust = Trust.UNTRUSTED
    expect(kiosk.locator("#notices span")).to_have_text(["时间待校准：打卡照常，记录会注明"], timeout=9000)
    house.faces.match("t1")
    expect_words(kiosk, "good", "王小明", "已记录，待核定")


def test_a_queue_needs_no_tap(kiosk: Page, house: House) -> None:
    """Two people within one result's time: both are shown, one after the other, and the page is ready again."""
    house.venue.clock.set(at("07:50"))
    house.faces.match("t1")
    house.faces.match("t2")
    assert answers(kiosk, 2) == [("王小明", "signed_in"), ("李秀英", "signed_in")]
    expect(kiosk.locator("#board")).to_be_visible()
    with reading(house.venue.database) as connection:
        assert [tap.trainee for tap in of_class(connection, "c1")] == ["t1", "t2"]


def test_without_faces_people_are_sent_to_the_instructor(kiosk: Page, house: House) -> None:
    house.faces.works = False
    expect(kiosk.locator("#notices")).to_contain_text("人脸识别暂不可用，请找讲师", timeout=9000)
    expect(kiosk.locator("#idle")).to_have_text("请找讲师办理签到")
    kiosk.get_by_role("link", name="找讲师").click()
    expect(kiosk.get_by_role("heading", name="讲师登录")).to_be_visible()


def test_a_lost_line_says_so_and_recovers(kiosk: Page, house: House) -> None:
    expect(kiosk.locator("#board")).to_contain_text("下一节")
    house.stop()
    expect_words(kiosk, "warn", "与主机断开，正在重连")
    house.venue.clock.set(at("07:50"))
    house.start()
    expect(kiosk.locator("#board")).to_contain_text("签到中")
    house.faces.match("t1")
    expect_words(kiosk, "good", "签到成功")


LOSE_CAMERA = """() => {
  const root = document.getElementById('kiosk');
  window.states = [];
  new MutationObserver(() => states.push(root.dataset.state)).observe(root, { attributeFilter: ['data-state'] });
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
  document.getElementById('view').srcObject.getTracks()[0].onended();
}"""


def test_a_lost_camera_is_said_until_it_is_back(kiosk: Page, house: House) -> None:
    """Also once people were spoken to whom it still saw."""
    said, lost = kiosk.locator("#said"), "摄像头不可用，请找讲师办理签到"
    expect(kiosk.locator("#board")).to_contain_text("下一节")
    kiosk.evaluate(LOSE_CAMERA)
    expect(said).to_contain_text(lost)
    visit = house.faces.visit()
    house.faces.say(Guide(visit=visit, hint=Hint.CLOSER), Guide(visit=visit, hint=Hint.NOBODY))
    for _ in range(200):
        if kiosk.evaluate("states.includes('guide') && states.at(-1) !== 'guide'"):
            break
        kiosk.wait_for_timeout(50)
    assert set(kiosk.evaluate("states")) == {"camera", "guide"}
    kiosk.evaluate("() => { delete navigator.mediaDevices.getUserMedia; }")
    expect(kiosk.locator("#board")).to_be_visible(timeout=10_000)


def test_the_page_is_small(context: BrowserContext, house: House) -> None:
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(f"{house.url}/kiosk")
    expect(page.locator("#board")).to_be_visible()
    assert 0 < sum(sizes) <= 150_000


class TestTheLine:
    """What no page sends."""

    def test_garbage_closes_it(self, house: House) -> None:
        cookie = {"Cookie": f"ea_kiosk={house.pair()}"}
        with connect(f"{house.url.replace('http', 'ws')}/kiosk/talk", additional_headers=cookie) as line:
            for _ in range(BAD_MESSAGES):
                line.send(bytes(1000))
            with pytest.raises(ConnectionClosed):
                deque(line, maxlen=0)
        assert house.faces.frames == 0

    def test_two_hundred_frames_a_second_are_thinned_out(self, house: House) -> None:
        cookie = {"Cookie": f"ea_kiosk={house.pair()}"}
        with connect(f"{house.url.replace('http', 'ws')}/kiosk/talk", additional_headers=cookie) as line:
            for number in range(200):
                line.send(number.to_bytes(4, "big") + b"\xff\xd8\xff" + bytes(500))
            taken = 0
            while taken < 30:
                taken += "taken" in str(line.recv(timeout=5))
        assert house.faces.frames == 30  # the venue's clock stands still

    def test_a_stranger_gets_no_line(self, house: House) -> None:
        with connect(f"{house.url.replace('http', 'ws')}/kiosk/talk") as line, pytest.raises(ConnectionClosed) as gone:
            line.recv(timeout=5)
        assert gone.value.rcvd is not None
        assert gone.value.rcvd.code == 4401
