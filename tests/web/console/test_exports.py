"""导出: a class, a lesson or a period; a password that is shown once; packages and troubles in the list."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edge_agent.evidence.orders import EXPORT, publish_address
from edge_agent.secrets import SecretBox
from edge_agent.store import requests
from edge_agent.store.requests import Request
from tests.venue import DAY, reading
from tests.web.conftest import House


def asked(house: House) -> Request:
    with reading(house.venue.database) as connection:
        [found] = requests.recent(connection, EXPORT, 5)
    return found


def test_a_lesson_is_picked_from_its_class(office: Page, venue: House) -> None:
    venue.venue.add_class("c2", name="养老护理员")
    venue.venue.add_lesson("B", "14:00", class_id="c2", subject="急救")
    venue.venue.add_lesson("C", "16:00", class_id="c2", subject="翻身", cancelled=True, cancel_reason="停电")
    office.goto("/console/exports?lesson=A")
    expect(office.locator("[name=lesson]")).to_have_value("A")
    office.locator("[name=class_id]").select_option(label="养老护理员")
    expect(office.locator("[name=lesson]")).to_be_hidden()
    office.get_by_label("范围").select_option(label="一节课")
    expect(office.locator("[name=lesson]")).to_have_text(re.compile("急救"))
    expect(office.locator("[name=lesson]")).not_to_have_text(re.compile("翻身"))
    office.get_by_role("button", name="生成证据包").click()
    expect(office.locator("#made")).to_contain_text("正在生成")
    args = asked(venue).args
    assert (args["class_id"], args["lesson"], args["since"], args["until"]) == ("c2", "B", None, None)


def test_a_period_of_dates(office: Page, venue: House) -> None:
    office.goto("/console/exports")
    office.get_by_label("范围").select_option(label="一段日期")
    office.get_by_label("从", exact=True).fill(f"{DAY}")
    office.get_by_label("到", exact=True).fill(f"{DAY - timedelta(1)}")
    office.get_by_role("button", name="生成证据包").click()
    expect(office.locator("#order .wrong")).to_have_text("结束日期早于开始日期")
    office.get_by_label("到", exact=True).fill(f"{DAY + timedelta(6)}")
    office.get_by_role("button", name="生成证据包").click()
    expect(office.locator("#made")).to_contain_text("正在生成")
    args = asked(venue).args
    assert (args["lesson"], args["since"], args["until"]) == ("", "2024-10-08", "2024-10-14")


def test_a_package_with_whole_ids_shows_its_password_once(office: Page, venue: House, tmp_path: Path) -> None:
    publish_address(venue.venue.writer, SecretBox.at(tmp_path / "letters.key"))
    office.goto("/console/lessons/A")
    office.get_by_role("link", name="导出", exact=True).last.click()
    office.get_by_label("包含完整身份证号").check()
    office.get_by_role("button", name="生成证据包").click()
    password = office.locator("#password .pin")
    expect(password).to_have_text(re.compile(r"^[a-z2-9]{16}$"))
    order = asked(venue)
    assert (order.args["lesson"], order.args["class_id"]) == ("A", "c1")
    assert password.inner_text() not in str(order.args)
    office.reload()
    expect(office.locator("#made")).to_contain_text("正在生成")
    expect(office.locator("#password")).to_be_hidden()
    venue.venue.writer.run(lambda tx: requests.take(tx, (EXPORT,)))
    trouble = {"error": "No room (磁盘已满)."}
    venue.venue.writer.run(lambda tx: requests.answer(tx, order.id, trouble, failed=True))
    expect(office.locator("#made")).to_contain_text("磁盘已满")


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": "2024-10-09", "until": "2024-10-08"},
        {"since": "2024-10-08", "lesson": "A"},
        {"lesson": "none"},
        {"since": "yesterday"},
    ],
)
def test_what_can_not_be_packed_is_refused_at_once(office: Page, venue: House, wrong: dict[str, str]) -> None:
    office.goto("/console/exports")
    csrf = office.locator("meta[name=csrf]").get_attribute("content") or ""
    answer = office.request.post("/api/v1/exports", data={"class_id": "c1"} | wrong, headers={"X-CSRF-Token": csrf})
    assert answer.status in {404, 422}, answer.text()
    with reading(venue.venue.database) as connection:
        assert requests.recent(connection, EXPORT, 5) == []
