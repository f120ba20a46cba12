"""Every state of the kiosk in Chromium: its Chinese words, colour, icon, notes and voice.

`STATES` are those in which somebody stands there, in the order of one day; the states of the page itself (the board,
the camera, the line, the venue) follow. Sizes on every screen are in `test_kiosk_form.py`.
"""

from __future__ import annotations

import colorsys
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.checkin.visit import Said
from edge_agent.errors import StorageError
from edge_agent.faces.answer import Action, Answer, Cause, Challenge, Confirm, Guide, Hint, Match, Refused, Unknown
from edge_agent.model.kinds.attendance import FlatRefused
from edge_agent.model.people import ClassState
from edge_agent.model.stamp import Trust
from edge_agent.store.alarms import OpenAlarm, keep_open
from edge_agent.store.outages import OutageLog
from edge_agent.web.kiosk import said
from tests.servers import chromium
from tests.venue import at, reading
from tests.web.conftest import House
from tests.web.dummy_faces import EVIDENCE
from tests.web.ears import EARS
from tests.web.relay import Relay
from tests.web.waiting import until

HUES = {"good": "green", "warn": "amber", "bad": "red", "calm": "blue"}
NOTES = {"good": [660, 880], "warn": [520, 520], "bad": [330, 247], "calm": [587]}


@dataclass(frozen=True)
class State:
    """What a person sees and hears after the engine's `answers` (a trainee's id is a match) at that time.

    A result sounds its notes and is spoken; while teaching goes on, `quiet`, it is not spoken.
    """

    name: str
    time: str
    answers: tuple[Answer | str, ...]
    look: str
    icon: str
    title: str
    text: str = ""
    detail: str = ""
    result: bool = True
    quiet: bool = False
    trust: Trust = Trust.SYNCED


def guide(hint: Hint, icon: str, text: str) -> State:
    return State(f"guide {hint}", "07:40", (Guide(visit=1, hint=hint),), "calm", icon, text, result=False)


def movement(action: Action, icon: str, text: str) -> State:
    answer = Challenge(visit=1, action=action, seconds=4)
    return State(f"challenge {action}", "07:40", (answer,), "calm", icon, text, "确认是您本人", result=False)


def unknown(times: int) -> tuple[Answer, ...]:
    return tuple(Unknown(visit=100 + number, evidence=EVIDENCE) for number in range(times))


NOT_KNOWN = "未识别到您，请找讲师办理签到"
STATES = [
    State("outside", "07:20", ("t1",), "calm", "wait", "王小明", "现在不是打卡时间", "下一节 07:45 开始签到"),
    guide(Hint.CLOSER, "closer", "请靠近一些"),
    guide(Hint.BACK, "back", "请稍微后退"),
    guide(Hint.ONE_AT_A_TIME, "person", "请一位一位来"),
    guide(Hint.LOOK_HERE, "eye", "请正对摄像头"),
    guide(Hint.HOLD_STILL, "eye", "请保持不动"),
    guide(Hint.MORE_LIGHT, "info", "光线太暗，请换个位置"),
    guide(Hint.LESS_LIGHT, "info", "光线太亮，请换个位置"),
    guide(Hint.TAKE_OFF_MASK, "mask", "请摘下口罩或墨镜"),
    guide(Hint.WAIT, "wait", "请稍候"),
    movement(Action.BLINK, "eye", "请看镜头并眨眼"),
    movement(Action.TURN_LEFT, "left", "请向左转头"),
    movement(Action.TURN_RIGHT, "right", "请向右转头"),
    State("look again", "07:41", unknown(1), "warn", "eye", "请正对摄像头", result=False),
    State("unknown", "07:42", unknown(3), "bad", "hand", NOT_KNOWN),
    State(
        "doubtful",
        "07:43",
        (Confirm(visit=7, candidates=("t1", "t2"), evidence=EVIDENCE),),
        "bad",
        "hand",
        NOT_KNOWN,
    ),
    State(
        "refused", "07:44", (Refused(visit=8, cause=Cause.FLAT, evidence=EVIDENCE),), "bad", "hand", "未通过，请找讲师"
    ),
    State("signed in", "07:50", ("t1",), "good", "check", "王小明", "签到成功", "09:29 起可签退"),
    State("already in", "07:51", ("t1",), "calm", "check", "王小明", "已签到", "09:29 起可签退"),
    State("late, and quiet", "08:10", ("t3",), "good", "check", "张伟", "签到成功", "09:29 起可签退", quiet=True),
    State("too late", "08:16", ("t2",), "bad", "cross", "李秀英", "已过签到时间", "如有疑问请找讲师", quiet=True),
    State("held", "09:26", ("t1",), "warn", "wait", "王小明", "本节尚未下课，09:29 后可签退", quiet=True),
    State("both", "09:35", ("t1",), "good", "check", "王小明", "第1-2节已签退，第3-4节已签到"),
    State("signed out", "11:12", ("t1",), "good", "out", "王小明", "签退成功"),
    State("already out", "11:13", ("t1",), "calm", "check", "王小明", "已签退"),
    State("not signed in", "11:14", ("t2",), "bad", "cross", "李秀英", "本节没有签到，不能签退", "如有疑问请找讲师"),
    State("no lesson", "11:15", ("u1",), "calm", "info", "赵师傅", "班级尚未开班"),
    State("provisional", "11:16", ("t2",), "good", "check", "李秀英", "已记录，待核定", trust=Trust.UNTRUSTED),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as browser:
        yield browser


@dataclass
class Hall:
    """One venue and one page before which everybody comes in turn."""

    house: House
    page: Page
    answered: int = field(default=100)

    def goto(self, state: State) -> None:
        self.house.venue.clock.set(at(state.time))
        self.house.venue.clock.trust = state.trust
        self.page.goto(f"{self.house.url}/kiosk")
        self.board()

    def board(self) -> None:
        """Wait for the device's first word."""
        expect(self.page.locator("#time")).not_to_be_empty()
        until(self.page, "document.getElementById('view').readyState >= 2")

    def say(self, answers: tuple[Answer | str, ...]) -> None:
        for each in answers:
            self.answered += 1
            visit = self.answered
            self.house.faces.say(Match(visit=visit, trainee=each, evidence=EVIDENCE) if isinstance(each, str) else each)

    def expect_said(self, look: str, icon: str, *texts: str) -> None:
        expect(self.page.locator("#kiosk")).to_have_attribute("data-look", look)
        for part, text in zip(("title", "text", "detail"), texts, strict=False):
            expect(self.page.locator(f"#said-{part}")).to_have_text(text)
        expect(self.page.locator("#said-icon")).to_have_attribute("href", re.compile(rf"icons\.svg.*#{icon}$"))
        self.expect_drawn()
        assert self.hue() == HUES[look]

    def expect_drawn(self) -> None:
        """The icon exists: a name that the file does not have draws nothing."""
        until(self.page, "document.getElementById('said-icon').getBBox().width > 0")

    def hue(self) -> str:
        """The colour in which the icon stands, by name."""
        colour = self.page.evaluate("getComputedStyle(document.querySelector('#said svg')).backgroundColor")
        red, green, blue = (int(part) / 255 for part in re.findall(r"\d+", colour)[:3])
        degrees = 360 * colorsys.rgb_to_hsv(red, green, blue)[0]
        named = {"red": (345, 375), "amber": (20, 50), "green": (100, 170), "blue": (200, 250)}
        return next(
            name for name, (low, high) in named.items() if low <= degrees <= high or low <= degrees + 360 <= high
        )


def make_house(folder: Path, *, sealed: bool = False) -> House:
    house = House(folder, sealed=sealed)
    house.venue.add_class()
    house.venue.add_class("c2", state=ClassState.DRAFT)
    for identifier, name in (("t1", "王小明"), ("t2", "李秀英"), ("t3", "张伟")):
        house.venue.add_trainee(identifier, name=name)
    house.venue.add_trainee("u1", "c2", "赵师傅")
    house.venue.add_lesson("A", "08:00")
    house.venue.add_lesson("B", "09:40")
    return house


@contextmanager
def open_hall(browser: Browser, *, sealed: bool = False) -> Iterator[Hall]:
    with tempfile.TemporaryDirectory() as folder, browser.new_context(locale="zh-CN") as context:
        house = make_house(Path(folder), sealed=sealed)
        context.add_cookies(house.kiosk_cookies())
        page = context.new_page()
        page.add_init_script(EARS)
        try:
            yield Hall(house, page)
        finally:
            house.stop()
            house.venue.close()


@pytest.fixture(scope="module")
def hall(browser: Browser) -> Iterator[Hall]:
    with open_hall(browser) as hall:
        yield hall


@pytest.fixture
def fresh(browser: Browser) -> Iterator[Hall]:
    with open_hall(browser) as hall:
        hall.house.venue.clock.set(at("07:50"))
        hall.page.goto(f"{hall.house.url}/kiosk")
        hall.board()
        yield hall


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_is_said_shown_and_heard(hall: Hall, state: State) -> None:
    hall.goto(state)
    hall.say(state.answers)
    hall.expect_said(state.look, state.icon, state.title, state.text, state.detail)
    assert hall.page.evaluate("notes") == (NOTES[state.look] if state.result else [])
    spoken = [f"{state.title} {state.text}".strip()] if state.result and not state.quiet else []
    assert hall.page.evaluate("spoken") == spoken


def test_the_table_has_every_word_that_a_person_may_hear() -> None:
    """A state that is added to the product is added to `STATES`."""
    texts = " ".join(f"{state.title} {state.text}" for state in STATES)
    for words in [*said.HINTS.values(), *said.ACTIONS.values()]:
        assert words[1] in texts
    assert said.REPLIES.keys() == set(Said)
    for _, _, text in said.REPLIES.values():
        assert re.search(re.escape(text).replace(re.escape("%(time)s"), r"\d\d:\d\d"), texts), text


def test_nothing_saved_is_never_a_success(fresh: Hall) -> None:
    """The disk refuses: whoever stands there is sent to the instructor, and nobody is on the record."""
    full(fresh.house)
    fresh.say(("t1",))
    fresh.expect_said("bad", "warn", "没有记录，请找讲师", "本机无法保存", "")
    assert fresh.page.evaluate("notes") == NOTES["bad"]
    assert fresh.house.venue.facts("attendance.signed_in") == []


def full(house: House) -> None:
    """Let the database take nothing more."""
    writer = house.venue.writer
    writer.run(lambda tx: tx.execute("PRAGMA max_page_count = 1"))  # SQLite: no smaller than it is
    with suppress(StorageError):
        while True:
            writer.append(FlatRefused(kiosk="k1", at=at("07:45"), statistics=""))


def test_a_camera_that_is_gone_or_forbidden(fresh: Hall) -> None:
    for error, text in (
        ("NotFoundError", "摄像头不可用，请找讲师办理签到"),
        ("NotAllowedError", "请允许浏览器使用摄像头"),
    ):
        fresh.page.evaluate(LOSE_CAMERA, error)
        fresh.expect_said("warn", "camera", "", text, "手动签到效力相同；画面恢复后自动继续。")
        expect(fresh.page.locator("#said-title")).to_be_hidden()
    assert fresh.page.evaluate("notes") == []


LOSE_CAMERA = """(name) => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
  document.getElementById('view').srcObject.getTracks()[0].onended();
}"""


def test_a_tablet_whose_network_drops_says_so_with_what_is_saved_and_recovers(browser: Browser) -> None:
    """In mid-lesson, without a word from anybody: nothing is lost, and nobody has to touch the tablet."""
    with open_hall(browser) as hall, Relay(int(hall.house.url.rpartition(":")[2])) as network:
        hall.house.venue.clock.set(at("07:50"))
        hall.page.goto(f"{network.url}/kiosk")
        hall.board()
        hall.say(("t1",))
        hall.expect_said("good", "check", "王小明", "签到成功")
        expect(hall.page.locator("#lines")).to_contain_text("1/3")
        network.cut()
        expect(hall.page.locator("#said-text")).to_have_text("与主机断开，正在重连", timeout=30_000)
        saved = "截至 07:50，今天的 1 次打卡已存本机。 显示过“成功”的不必重来；急需打卡请找讲师。"
        hall.expect_said("warn", "sync", "", "与主机断开，正在重连", saved)
        network.mend()
        expect(hall.page.locator("#board")).to_be_visible(timeout=30_000)
        hall.say(("t1", "t2"))
        expect(hall.page.locator("#said-title")).to_have_text("李秀英", timeout=10_000)
        expect(hall.page.locator("#lines")).to_contain_text("2/3")
        assert [fact["trainee"] for fact in hall.house.venue.facts("attendance.signed_in")] == ["t1", "t2"]


def test_without_the_centre_it_goes_on_and_says_what_waits(fresh: Hall) -> None:
    venue, notices = fresh.house.venue, fresh.page.locator("#notices")
    expect(notices).to_be_empty()
    fresh.say(("t1",))
    fresh.expect_said("good", "check", "王小明", "签到成功")
    with reading(venue.database) as connection:
        log = OutageLog("sync", venue.writer, connection)
        log.update(("network", "timed out"))
        venue.clock.set(at("07:51"))
        log.update(("network", "timed out"))
        told = re.compile(r"^07:50 起与中心断开：打卡照常，(\d+) 条记录已存本机，恢复后自动上传$")
        expect(notices).to_have_text(told)
        fresh.say(("t2",))
        fresh.expect_said("good", "check", "李秀英", "签到成功")
        log.update(None)
    expect(notices).to_be_empty()


def test_a_sealed_venue_says_that_nothing_leaves_it(browser: Browser) -> None:
    with open_hall(browser, sealed=True) as hall:
        hall.page.goto(f"{hall.house.url}/kiosk")
        expect(hall.page.locator("#notices")).to_have_text("涉密场所：数据不出本机")


def test_the_board_counts_down_and_counts_up(fresh: Hall) -> None:
    lines = fresh.page.locator("#lines")
    expect(lines).to_contain_text(re.compile(r"签到中 · 08:15 截止.*第1-2节"))
    expect(lines).to_contain_text("0/3")
    expect(lines).to_contain_text("下一节 · 09:25 开始签到")
    expect(fresh.page.locator(".left")).to_have_text(re.compile(r"^1:3[45]:\d\d$"))
    expect(fresh.page.locator("#idle")).to_have_text("请正对摄像头")


def test_nothing_of_the_staffs_worries_is_on_the_page(fresh: Hall) -> None:
    """A camera that is offline, an alarm and a full outbox stand in the console."""
    worry = OpenAlarm("disk", "critical", "磁盘将满", "The disk is nearly full", "清理", "Free it")
    fresh.house.venue.writer.run(lambda tx: keep_open(tx, [worry]))
    fresh.say(("t1",))
    expect(fresh.page.locator("#lines")).to_contain_text("1/3")
    assert "磁盘" not in fresh.page.locator("body").inner_text()
