"""课表: a week of lessons, the weeks beside it, and the way to a lesson."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from edge_agent.model.lesson import LessonKind
from tests.web.conftest import House


def test_a_week_and_the_weeks_beside_it(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "14:00", room="r2", subject="<i>考核</i>", kind=LessonKind.EXAM)
    office.goto("/console/lessons")
    today = office.locator(".week .now")
    expect(today).to_contain_text("2024-10-08")
    expect(today.locator(".slot").first).to_contain_text("08:00–09:30")
    expect(today.locator(".slot").first).to_contain_text("已结束")
    expect(today.locator(".slot").last).to_contain_text("<i>考核</i>")
    expect(today.locator(".slot").last).to_contain_text("结业考核")
    office.get_by_role("link", name="下一周").click()
    expect(office.locator(".week")).to_contain_text("2024-10-14")
    expect(office.locator(".slot")).to_have_count(0)
    office.get_by_role("link", name="上一周").click()
    office.locator(".slot", has_text="抚触").click()
    expect(office).to_have_url(f"{venue.url}/console/lessons/A")


def test_a_cancelled_lesson_says_so(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "14:00", subject="急救", cancelled=True, cancel_reason="停电")
    office.goto("/console/lessons")
    expect(office.locator(".slot", has_text="急救")).to_contain_text("已取消")
