"""A morning at the console in Chromium, with virtual cameras and the real capture service: from label to replay.

The tests follow one another: what one binds and records, the next one watches.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import av
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from edge_agent.model.kinds.capture import RecordingStarted
from edge_agent.model.media import MediaKind
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.settings import CameraSettings
from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store import sessions, training
from edge_agent.store.accounts import Account, Role, new_account_id, save
from edge_agent.web.app import create_app
from edge_agent.web.auth.login import KIOSK_LASTS
from edge_agent.web.guard import COOKIE
from edge_agent.web.server import Port, Servers
from edge_agent.web.site import Site
from tests.capture.house import TICK, House, settings_in
from tests.capture.rig import wait_for
from tests.venue import policies
from tests.web.waiting import until

SUBNET = "127.0.5.0/28"
DISCOVERY_PORT = 3702
PERIOD = 30
AFTER = timedelta(seconds=6)
"""What a lesson's end takes: its last segment is closed, its pictures are on the disk."""

PATIENCE = 40_000  # ms: two cores that other tests share
MAIN = StreamSpec(width=640, height=360, fps=10, kbps=400, seconds=4)
SUB = StreamSpec(width=320, height=180, fps=10, kbps=150, seconds=4)


def camera(number: int) -> VirtualCamera:
    """What the label says: a serial number and a code."""
    return VirtualCamera(
        serial=f"W{number:08}", host=f"127.0.5.{number}", discovery_port=DISCOVERY_PORT, main=MAIN, sub=SUB
    )


@dataclass
class School:
    """The venue, its console and two cameras that nobody has bound yet."""

    house: House
    url: str
    page: Page
    cameras: tuple[VirtualCamera, VirtualCamera]

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    @contextmanager
    def recording(self) -> Iterator[None]:
        """The capture service on a thread of its own."""
        stopping = threading.Event()
        thread = threading.Thread(target=self._capture, args=[stopping], name="capture")
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    def _capture(self, stopping: threading.Event) -> None:
        self.house.start()
        assert self.house.capture is not None
        while not stopping.wait(TICK):
            self.house.capture.tick()
        self.house.stop()

    def bound(self) -> list[str]:
        return [str(fact["serial"]) for fact in self.house.facts("camera.bound")]

    def started_by_hand(self) -> set[str]:
        started = self.house.facts(RecordingStarted.KIND)
        return {str(fact["lesson"]) for fact in started if fact["trigger"] == "hand"}


@pytest.fixture(scope="module")
def school(browser: Browser) -> Iterator[School]:
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        folder = Path(name)
        settings = settings_in(folder).model_copy(update={"cameras": CameraSettings(search=(SUBNET,))})
        environment = ending.enter_context(pytest.MonkeyPatch.context())
        # What the recorder runs to answer the console reads its settings itself.
        environment.setenv("EDGE_AGENT_STORE__DATA_DIR", str(settings.store.data_dir))
        environment.setenv("EDGE_AGENT_CAMERAS__SEARCH", json.dumps(settings.cameras.search))
        prepare_agent(settings)
        agent = ending.enter_context(open_agent(settings))
        house = House(agent, folder, policy="jinan-2024", period=PERIOD)
        for room in ("101", "102", "103"):
            agent.writer.run(lambda tx, room=room: training.save_room(tx, room, f"{room} 教室", by="test"))  # type: ignore[misc] # a lambda's defaults are not inferred
        site = Site(settings, agent.clock, agent.writer, agent.files, policies)
        ending.callback(site.readers.close)
        servers = Servers(create_app(site), site.live, [Port("127.0.0.1", 0)])
        servers.start()
        ending.callback(servers.stop)
        url = f"http://127.0.0.1:{servers.ports[0]}"
        context = ending.enter_context(browser.new_context(locale="zh-CN", accept_downloads=True))
        context.add_cookies([{"name": COOKIE, "value": log_in(house), "url": url}])
        cameras = ending.enter_context(camera(1)), ending.enter_context(camera(2))
        yield School(house, url, context.new_page(), cameras)


def log_in(house: House) -> str:
    account = Account(new_account_id(), Role.ADMINISTRATOR, "13800000000", "张主任")
    house.agent.writer.run(lambda tx: save(tx, account, change="created", by="test"))
    return house.agent.writer.run(
        lambda tx: sessions.open_session(
            tx, account=account.id, role=account.role, method="password", lasts=KIOSK_LASTS
        )
    )


def test_a_camera_is_bound_by_its_label_and_the_wizard_ends_in_a_picture(school: School) -> None:
    page, one = school.page, school.cameras[0]
    with school.recording():
        school.goto("/console/cameras")
        page.get_by_role("link", name="绑定设备").click()
        page.get_by_label("教室").select_option(label="101 教室")
        page.get_by_role("textbox", name="设备名称").fill("101 后方")
        page.get_by_role("textbox", name="序列号").fill(one.serial)
        page.get_by_role("textbox", name="验证码").fill("WRONG1")
        page.get_by_role("button", name="绑定并取一张画面").click()
        told = page.locator("#bind .wrong")
        expect(told).to_contain_text("：用户名或密码不对。核对后再试一次；多次试错会锁定", timeout=PATIENCE)
        page.get_by_role("textbox", name="验证码").fill(one.password)
        page.get_by_role("button", name="绑定并取一张画面").click()
        page.wait_for_url("**/console/cameras/*", timeout=PATIENCE)
        expect(page.get_by_role("heading", name="101 后方")).to_be_visible(timeout=PATIENCE)
        expect_picture(page.locator("#picture"))
        page.get_by_role("button", name="检测设备").click()
        expect(page.locator("#test .wrong")).to_contain_text("设备正常", timeout=PATIENCE)
    assert school.bound() == [one.serial]


def expect_picture(image: Locator) -> None:
    expect(image).to_have_js_property("complete", value=True, timeout=PATIENCE)
    expect(image).not_to_have_js_property("naturalWidth", 0, timeout=PATIENCE)


def test_another_is_found_by_the_search_and_bound_by_its_password(school: School) -> None:
    page, two = school.page, school.cameras[1]
    with school.recording():
        school.goto("/console/cameras/bind")
        page.get_by_role("button", name="搜索").click()
        found = page.locator("#found li", has_text=two.serial)
        found.get_by_role("button", name="选用").click(timeout=PATIENCE)
        page.get_by_label("教室").select_option(label="102 教室")
        page.get_by_role("textbox", name="设备名称").fill("102 后方")
        page.get_by_role("textbox", name="用户名").fill(two.user)
        page.locator("input[name=password]").fill(two.password)
        page.get_by_role("button", name="绑定并取一张画面").click()
        page.wait_for_url("**/console/cameras/*", timeout=PATIENCE)
        expect_picture(page.locator("#picture"))
    assert len(school.bound()) == 2


def test_live_pictures_move_and_both_filters_choose(school: School) -> None:
    page, house = school.page, school.house
    house.add_lesson("early", starts_in=3600, room="102")
    with school.recording():
        school.goto("/console/live")
        expect(page.locator("figure.live")).to_have_count(2)
        for number in range(2):
            expect_moving(page, f"document.querySelectorAll('figure.live video')[{number}]")
        page.get_by_label("任务名称").select_option(value="early")
        expect(page.locator("figure.live")).to_have_count(1)
        expect(page.locator("figure.live")).to_contain_text("102 后方")
        page.get_by_label("任务名称").select_option(value="")
        page.get_by_label("设备状态").select_option(label="离线")
        expect(page.locator("main")).to_contain_text("没有符合条件的设备")
        page.get_by_label("设备状态").select_option(label="在线")
        expect(page.locator("figure.live")).to_have_count(2)
        expect_moving(page, "document.querySelector('figure.live video')")


def expect_moving(page: Page, video: str) -> None:
    until(page, f"({video}).readyState >= 2")
    shown = page.evaluate(f"({video}).currentTime")
    until(page, f"({video}).currentTime > {shown} + 1")


def test_prompts_have_a_remedy_and_lessons_are_recorded_by_hand(school: School) -> None:
    """设备未绑定 is mended by 关联设备; 批量录制 begins both lessons before their time."""
    page, house = school.page, school.house
    lesson = house.add_lesson("A", starts_in=15, room="101")
    house.add_lesson("B", starts_in=15, room="103")
    with school.recording():
        school.goto("/console/tasks")
        row = page.locator("#B")
        expect(row).to_contain_text("设备未绑定")
        row.get_by_role("button", name="关联设备").click()
        dialog = page.locator("#cameras-B")
        dialog.get_by_label("102 后方").check()
        dialog.get_by_role("button", name="保存").click()
        expect(row).to_contain_text("102 后方")
        expect(row).not_to_contain_text("设备未绑定")
        for each in ("A", "B"):
            page.locator(f"#{each}").get_by_role("checkbox").check()
        page.get_by_role("button", name="批量录制").click()
        wait_for(lambda: school.started_by_hand() == {"A", "B"}, "both recordings")
        wait_for(lambda: len(house.media("A", MediaKind.RECORDING)) > 1, "a segment on the disk")
        start, end = house.span(lesson)
        # Between the first two snapshots' windows; what is lost before the lesson is no gap of it.
        wait_for(lambda: house.now() > start + timedelta(seconds=PERIOD / 4), "the first snapshot's window to pass")
        school.cameras[0].fault("refuse", seconds=2)  # unplugged for a moment: a gap with its cause
        time.sleep(max(0.0, (end + AFTER - house.now()).total_seconds()))
    assert [gap.lesson for gap in house.gaps("A")] == ["A"]


def test_a_lesson_that_nothing_records_is_told_and_one_tap_records_it(school: School) -> None:
    page, house = school.page, school.house
    house.add_lesson("C", starts_in=-100, periods=20, room="101")
    school.goto("/console/tasks")
    expect(page.locator("#C")).to_contain_text("监控任务未录制")
    with school.recording():
        page.locator("#C").get_by_role("button", name="录制").click()
        expect(page.locator("#C")).not_to_contain_text("监控任务未录制", timeout=PATIENCE)
        wait_for(lambda: len(house.media("C", MediaKind.RECORDING)) > 0, "a segment on the disk")
        school.cameras[0].fault("refuse")
        expect(page.locator("#C")).to_contain_text("设备离线", timeout=PATIENCE)


def test_the_recording_is_played_sought_and_downloaded_with_its_gap(school: School, tmp_path: Path) -> None:
    page = school.page
    school.goto("/console/lessons/A")
    video = "document.querySelector('#player video')"
    until(page, f"{video}.readyState >= 2")
    expect(page.locator(".playback-strip button.gap")).to_have_count(1)
    expect(page.locator(".note.bad", has_text="缺失").first).to_be_visible()
    until(
        page, "[...document.querySelectorAll('.playback-strip img')].filter((image) => image.naturalWidth).length > 1"
    )
    length = page.evaluate(f"{video}.duration")
    assert length > PERIOD / 2
    page.locator(".playback-strip button:not(.gap)").last.click()
    until(page, f"!{video}.seeking && {video}.readyState >= 2 && {video}.currentTime > {length / 2}")
    page.evaluate(f"{video}.play()")
    expect_moving(page, video)
    with page.expect_download(timeout=PATIENCE) as downloading:
        page.locator("#download").click()
    file = tmp_path / "lesson.mp4"
    downloading.value.save_as(file)
    with av.open(str(file)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (640, 360)


def test_the_snapshots_are_pictures_of_the_lesson(school: School) -> None:
    page = school.page
    school.goto("/console/lessons/A")
    shots = page.locator("#slots img")
    expect(shots.first).to_be_visible()
    for number in range(shots.count()):
        shots.nth(number).scroll_into_view_if_needed()
        expect_picture(shots.nth(number))
    missing = page.locator("#slots .shot.missed")
    assert shots.count() + missing.count() == 3
    if missing.count():
        expect(missing.first).to_contain_text("缺失：")
