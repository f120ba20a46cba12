"""监控任务: 关联设备 in two windows, the three prompts with their remedies, 录制 and 批量录制."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge_agent.model.camera import CameraState
from edge_agent.store import cameras, lessons
from tests.venue import at, reading
from tests.web.conftest import House, bind


@pytest.fixture
def venue(venue: House) -> House:
    """The morning of three lessons; the clock can't go back, so they are later."""
    venue.venue.add_lesson("B", "11:00", room="r1", subject="体操")
    venue.venue.add_lesson("C", "11:00", room="r2", subject="辅食")
    venue.venue.clock.set(at("10:40"))
    return venue


def by_hand(house: House) -> set[tuple[str, str]]:
    with reading(house.venue.database) as connection:
        return {(each.lesson, each.camera) for each in lessons.recordings_by_hand(connection, at("08:00"))}


def test_an_unbound_lesson_is_given_a_camera(office: Page, venue: House) -> None:
    bind(venue, "cam9", "备用", "r9")
    office.goto("/console/tasks")
    task = office.locator("#tasks tr", has_text="体操")
    expect(task).to_contain_text("设备未绑定")
    task.get_by_role("button", name="关联设备").click()
    office.locator("dialog[open]").get_by_label("备用").check()
    office.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(task).to_contain_text("备用")
    expect(task).not_to_contain_text("设备未绑定")
    with reading(venue.venue.database) as connection:
        assert lessons.get_lesson(connection, "B").cameras == ("cam9",)


def test_two_windows_on_one_lesson(office: Page, venue: House) -> None:
    bind(venue, "cam1", "前方", "r1")
    bind(venue, "cam2", "后方", "r1")
    other = office.context.new_page()
    for page, camera in ((office, "前方"), (other, "后方")):
        page.goto("/console/tasks")
        page.locator("#tasks tr", has_text="体操").get_by_role("button", name="关联设备").click()
        page.locator("dialog[open]").get_by_label(camera).check()
    office.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(office.locator("dialog[open]")).to_have_count(0)
    other.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(other.locator("dialog[open] .wrong")).to_have_text("课表已被他人修改，请刷新页面后重试")
    with reading(venue.venue.database) as connection:
        assert lessons.get_lesson(connection, "B").cameras == ("cam1",)


def test_an_offline_camera_is_tested_and_comes_back(office: Page, venue: House) -> None:
    bind(venue, "cam1", "后方", "r1", CameraState.OFFLINE)
    office.goto("/console")
    hand = office.locator("#hands p", has_text="设备离线")
    expect(hand).to_contain_text("体操")
    hand.get_by_role("link", name="检测设备").click()
    expect(office.get_by_role("heading", name="后方")).to_be_visible()
    office.get_by_role("button", name="检测设备").click()
    expect(office.locator("#test .wrong")).not_to_be_empty(timeout=30_000)
    office.goto("/console")
    venue.venue.writer.run(lambda tx: cameras.set_state(tx, "cam1", CameraState.ONLINE))
    expect(office.locator("#hands")).not_to_contain_text("设备离线")


def test_a_lesson_that_is_not_recorded_is_recorded_by_one_click(office: Page, venue: House) -> None:
    bind(venue, "cam1", "后方", "r1")
    venue.venue.clock.set(at("11:05"))
    venue.venue.writer.run(lambda tx: cameras.set_state(tx, "cam1", CameraState.ONLINE))
    office.goto("/console")
    hand = office.locator("#hands p", has_text="监控任务未录制")
    with office.expect_event("load"), office.expect_response("**/api/v1/recordings") as answered:
        hand.get_by_role("button", name="录制").click()
    assert answered.value.ok
    assert by_hand(venue) == {("B", "cam1")}


def test_what_was_begun_by_hand_is_stopped(office: Page, venue: House) -> None:
    bind(venue, "cam1", "后方", "r1")
    venue.venue.clock.set(at("10:52"))
    office.on("dialog", lambda dialog: dialog.accept())
    office.goto("/console/tasks")
    task = office.locator("#tasks tr", has_text="体操")
    task.get_by_role("button", name="录制", exact=True).click()
    stop = task.get_by_role("button", name="停止录制")
    expect(stop).to_be_visible()
    assert by_hand(venue) == {("B", "cam1")}
    stop.click()
    expect(task.get_by_role("button", name="录制", exact=True)).to_be_enabled()
    expect(stop).to_have_count(0)
    assert by_hand(venue) == set()


def test_many_are_recorded_at_once_or_none(office: Page, venue: House) -> None:
    bind(venue, "cam1", "后方", "r1")
    venue.venue.clock.set(at("10:52"))
    office.goto("/console/tasks")
    office.get_by_label("全选").check()
    office.get_by_role("button", name="批量录制").click()
    expect(office.locator("#batch .wrong")).to_have_text("监控任务未关联设备")
    assert by_hand(venue) == set()
    bind(venue, "cam2", "实训", "r2")
    office.reload()
    office.get_by_label("全选").check()
    with office.expect_response("**/api/v1/recordings") as answered:
        office.get_by_role("button", name="批量录制").click()
    assert answered.value.ok
    # Chromium may never close a page that is about to show the next document: a test ends with one that has loaded.
    expect(office.get_by_role("button", name="停止录制")).to_have_count(2)
    assert by_hand(venue) == {("B", "cam1"), ("C", "cam2")}


def test_recording_is_offered_from_ten_minutes_ahead(office: Page, venue: House) -> None:
    bind(venue, "cam1", "后方", "r1")
    venue.venue.clock.set(at("10:49"))
    office.goto("/console/tasks")
    task = office.locator("#tasks tr", has_text="体操")
    expect(task.get_by_role("button", name="录制")).to_be_disabled()
    expect(task).to_contain_text("10:50")
    venue.venue.clock.set(at("10:50"))
    office.reload()
    expect(task.get_by_role("button", name="录制")).to_be_enabled()


def test_another_day_is_shown(office: Page) -> None:
    office.goto("/console/tasks")
    office.get_by_label("日期").fill("2024-10-09")
    expect(office.locator("#tasks")).to_contain_text("这一天没有课")
