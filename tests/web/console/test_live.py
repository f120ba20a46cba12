"""实时监控: both filters; a camera without a picture says why. Real pictures: tests/playback and the walks."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge_agent.model.camera import CameraState
from tests.web.conftest import House, bind


@pytest.fixture
def filmed(venue: House) -> House:
    venue.venue.add_lesson("B", "10:00", room="r2", subject="辅食")
    bind(venue, "cam1", "201 后方", "r1")
    bind(venue, "cam2", "实训前方", "r2", CameraState.OFFLINE)
    bind(venue, "cam3", "实训后方", "r2")
    return venue


@pytest.mark.usefixtures("filmed")
def test_both_filters_narrow_what_is_shown(office: Page) -> None:
    office.goto("/console/live")
    figures = office.locator("figure.live")
    expect(figures).to_have_count(3)
    office.locator("[name=task]").select_option("B")
    expect(figures).to_have_count(2)
    office.locator("[name=state]").select_option("online")
    expect(figures).to_have_count(1)
    expect(figures).to_contain_text("实训后方")
    office.locator("[name=task]").select_option("A")
    expect(figures).to_contain_text("201 后方")
    office.locator("[name=state]").select_option("offline")
    expect(office.get_by_text("没有符合条件的设备")).to_be_visible()
    office.locator("[name=task]").select_option("")
    expect(figures).to_have_count(1)
    expect(figures).to_contain_text("实训前方")


@pytest.mark.usefixtures("filmed")
def test_without_a_picture_the_reason_stands_in_its_place(office: Page) -> None:
    office.goto("/console/live")
    expect(office.locator("figure.live [role=status]").first).to_contain_text("录像服务未运行")
