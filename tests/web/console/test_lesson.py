"""One lesson's page: 录像 with its gaps, 抓拍 with red cells and reasons, 补充材料."""

from __future__ import annotations

import hashlib
from datetime import time, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.store import supplements
from tests.playback.theatre import segment
from tests.venue import at, reading
from tests.web.conftest import House, bind
from tests.web.evidence import lose, miss, record, take
from tests.web.waiting import until


@pytest.fixture
def taught(venue: House, tmp_path: Path) -> House:
    """Four of six pictures, one of them missed for a reason; a recording with a hole."""
    bind(venue, "cam1", "201 后方", "r1")
    take(venue, "A/p1/opening", at("08:03"), heads=2)
    take(venue, "A/p1/middle", at("08:22"))
    miss(venue, "A/p1/closing", "offline")
    take(venue, "A/p2/middle", at("09:07"))
    film = segment(tmp_path)
    for minute in (0, 1, 3):
        record(venue, film, at("08:00") + timedelta(minutes=minute))
    lose(venue, at("08:02"), at("08:03"), "power_loss")
    return venue


def test_a_picture_is_missing_only_once_that_is_known(office: Page, venue: House) -> None:
    """Its window closes at 08:10; until the recorder has looked whether a frame was stored, nobody knows."""
    cell = office.locator("#slots figure.shot").first

    def told(clock: str) -> list[str]:
        """What the page says, what the API says, and what the verdict does."""
        venue.venue.clock.set(at(clock))
        office.goto("/console/lessons/A")
        [first, *_] = office.request.get("/api/v1/lessons/A/slots").json()
        lost = "；缺抓拍" if "缺抓拍" in office.locator("main").inner_text() else ""
        return [cell.locator(".none").inner_text() + lost, first["state"], first["cause"]]

    assert told("08:10") == ["未到时间", "due", ""]
    assert told("08:10:01") == ["判定中", "judging", ""]
    office.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": venue.url}])
    assert told("08:12") == ["Being judged", "judging", ""]
    office.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "zh_CN", "url": venue.url}])
    assert told("08:13:01") == ["缺失：录制服务尚未说明原因；缺抓拍", "missed", "unjudged"]
    miss(venue, "A/p1/opening", "offline")
    assert told("08:13:02") == ["缺失：设备离线；缺抓拍", "missed", "offline"]


def test_a_slot_that_is_owed_no_more_says_why(office: Page, venue: House) -> None:
    venue.venue.clock.set(at("08:50"))
    venue.venue.add_lesson("A", "08:00", room="r1", teacher="l1", subject="抚触", end=time(8, 45))
    office.goto("/console/lessons/A")
    expect(office.locator("#slots figure.void").first).to_contain_text("不需要：已提前下课")


@pytest.mark.usefixtures("taught")
def test_pictures_stand_in_their_cells_and_what_is_missing_is_red_with_its_reason(office: Page) -> None:
    office.goto("/console/lessons/A")
    cells = office.locator("#slots figure.shot")
    expect(cells).to_have_count(6)
    expect(cells.nth(0)).to_contain_text("数到 2 人")
    for number, state in enumerate(("taken", "taken", "missed", "missed", "taken", "missed")):
        expect(cells.nth(number)).to_have_class(f"shot {state}")
    expect(cells.nth(2)).to_contain_text("缺失：设备离线")
    cells.nth(0).scroll_into_view_if_needed()
    loaded = "(image) => image.complete && image.naturalWidth"
    assert cells.nth(0).locator("img").evaluate(loaded) == 640
    red = cells.nth(2).evaluate("(cell) => getComputedStyle(cell).borderTopColor")
    grey = cells.nth(0).evaluate("(cell) => getComputedStyle(cell).borderTopColor")
    assert red != grey
    cells.nth(0).locator("a").click()
    photo = office.locator("#photo")
    expect(photo).to_contain_text("第1课时课前10分钟 · 08:00–08:10")
    assert photo.locator("img").bounding_box()["width"] > 640  # type: ignore[index]  # it is shown
    with office.expect_download() as kept:
        photo.get_by_role("link", name="下载").click()
    assert kept.value.path().read_bytes().startswith(b"\xff\xd8")
    photo.get_by_role("button", name="返回").click()
    expect(photo).to_be_hidden()


def test_the_recording_s_gap_and_the_verdict_s_reasons_are_told(office: Page, taught: House) -> None:
    bind(taught, "cam2", "201 前方", "r1")
    office.goto("/console/lessons/A")
    expect(office.locator("h1 + .tag")).to_have_text("部分缺失")
    expect(office.get_by_text("缺失 08:02:00–08:03:00：断电")).to_be_visible()
    expect(office.locator("#reasons")).to_contain_text("缺抓拍 第1课时课后10分钟")
    expect(office.locator("#reasons")).to_contain_text("设备“201 前方”缺录 90分钟")
    until(office, "document.querySelector('#player video').readyState >= 2")
    expect(office.locator("#camera")).to_contain_text("201 后方")


def test_a_picture_that_comes_later_appears_by_itself(office: Page, taught: House) -> None:
    office.goto("/console/lessons/A")
    expect(office.locator("#slots figure.taken")).to_have_count(3)
    take(taught, "A/p2/opening", at("08:48"))
    expect(office.locator("#slots figure.taken")).to_have_count(4)


def test_material_for_an_outage_is_filed_and_recognised(office: Page, venue: House, tmp_path: Path) -> None:
    film = tmp_path / "手机录像.mp4"
    film.write_bytes(b"from a telephone" * 100_000)
    office.goto("/console/lessons/A")
    office.get_by_role("button", name="提交材料").click()
    office.locator("input[name=material]").set_input_files(film)
    expect(office.locator("#filing")).to_contain_text("手机录像.mp4")
    office.locator("#filing [name=end]").fill("07:00")
    office.locator("#filing [name=reason]").fill("停电")
    office.locator("#filing button.primary").click()
    expect(office.locator("#filing .wrong")).to_contain_text("结束须晚于开始")
    office.locator("#filing [name=end]").fill("08:45")
    office.locator("#filing button.primary").click()
    expect(office.locator("#supplements")).to_contain_text("待区县认可")
    with reading(venue.venue.database) as connection:
        [filed] = supplements.of_class(connection, "c1")
    assert (filed.start, filed.end, filed.reason) == (at("08:00"), at("08:45"), "停电")
    with office.expect_download() as kept:
        office.locator("#supplements").get_by_role("link", name="停电").click()
    assert hashlib.sha256(kept.value.path().read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
    office.get_by_role("button", name="登记认可").click()
    office.get_by_label("文号").fill("历城人社〔2026〕1号")
    office.get_by_role("button", name="登记", exact=True).click()
    expect(office.locator("#supplements")).to_contain_text("历城人社〔2026〕1号")
