"""概览: today's lessons with their verdicts, what needs a hand, 课前自检, and that it follows by itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge_agent.checkin.visit import Visit
from edge_agent.model.camera import CameraState
from edge_agent.model.kinds.plan import VerdictGiven
from edge_agent.model.people import Teacher
from edge_agent.store import training, verdicts
from edge_agent.store.cameras import set_state
from tests.venue import at
from tests.web.conftest import House, bind


def test_a_sign_in_is_counted_without_loading_the_page_again(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "11:00", room="r1", subject="体操", teacher="l1")
    venue.venue.clock.set(at("10:50"))
    office.goto("/console")
    row = office.locator("#today tr", has_text="体操")
    expect(row).to_contain_text("0/2")
    venue.site.desk.tap("t1", Visit(id="v", stamp=venue.venue.clock.stamp(), method="face"))
    expect(row).to_contain_text("1/2")


def test_a_verdict_stands_beside_its_lesson(office: Page, venue: House) -> None:
    office.goto("/console")
    row = office.locator("#today tr", has_text="抚触")
    expect(row).to_contain_text("已结束")
    given = VerdictGiven(lesson="A", class_id="c1", verdict="partial", reasons=(), at=at("09:50"))
    venue.venue.writer.run(lambda tx: verdicts.give(tx, given, policy=""))
    expect(row).to_contain_text("部分缺失")
    expect(office.locator("#hands")).to_contain_text("证据不完整")
    office.locator("#hands").get_by_role("link", name="查看").click()
    expect(office).to_have_url(f"{venue.url}/console/lessons/A")


def test_the_hour_before_a_lesson_is_checked(office: Page, venue: House) -> None:
    """Cameras, disk, clock, faces and teacher: what is not ready is counted while it can be mended."""
    bind(venue, "cam1", "后方", "r1", CameraState.OFFLINE)
    venue.venue.writer.run(lambda tx: training.save_teachers(tx, [Teacher("l2", "代课员", full_time=False)]))
    venue.venue.add_lesson("B", "11:30", room="r1", subject="体操", teacher="l2")
    office.goto("/console")
    expect(office.locator("#preflight")).to_have_count(0)
    venue.venue.clock.set(at("10:31"))
    office.reload()
    checks = office.locator("#preflight .tag")
    expect(checks.filter(has_text="设备 0/1")).to_have_class("tag bad")
    expect(checks.filter(has_text="人脸 1/2")).to_have_class("tag warn")
    expect(checks.filter(has_text="磁盘")).to_have_class("tag good")
    expect(checks.filter(has_text="时间")).to_have_class("tag good")
    venue.venue.writer.run(lambda tx: set_state(tx, "cam1", CameraState.ONLINE))
    expect(checks.filter(has_text="设备 1/1")).to_have_class("tag good")


@pytest.mark.parametrize("page", ["nowhere", "console/lessons?week=never", "console/exports?lesson=none"])
def test_what_is_not_there_is_told_in_chinese(office: Page, page: str) -> None:
    office.goto(f"/{page}")
    told = office.locator("body").inner_text()
    assert not any(word in told for word in ("Not Found", "Input", "valid", "does not")), told
