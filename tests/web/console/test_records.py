"""打卡记录 of a class: the newest first, by face or by hand with its reason, page by page."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from edge_agent.checkin.visit import Visit
from tests.venue import at
from tests.web.conftest import House


def test_taps_appear_with_their_way_and_reason(office: Page, venue: House) -> None:
    venue.venue.add_lesson("B", "11:00", room="r1")
    venue.venue.clock.set(at("10:50"))
    office.goto("/console/classes/c1/records")
    expect(office.locator("#records")).to_contain_text("还没有记录")
    venue.site.desk.tap("t1", Visit(id="v1", stamp=venue.venue.clock.stamp(), method="face"))
    rows = office.locator("#records tbody tr")
    expect(rows.first).to_contain_text("王小明")
    expect(rows.first).to_contain_text("人脸")
    venue.venue.clock.advance(5)
    by_hand = Visit(id="v2", stamp=venue.venue.clock.stamp(), method="manual", reason="<u>戴口罩</u>")
    venue.site.desk.tap("t2", by_hand)
    expect(rows.first).to_contain_text("<u>戴口罩</u>")
    expect(rows.first).to_contain_text("手动")


def test_many_records_have_pages(office: Page, venue: House) -> None:
    for number in range(60):
        venue.venue.add_trainee(f"p{number:02}", name=f"学员{number:02}")
    venue.venue.add_lesson("B", "11:00", room="r1")
    for number in range(60):
        venue.venue.clock.set(at("10:50") + timedelta(seconds=number))
        visit = Visit(id=f"v{number}", stamp=venue.venue.clock.stamp(), method="face")
        venue.site.desk.tap(f"p{number:02}", visit)
    office.goto("/console/classes/c1/records")
    expect(office.locator("#records tbody tr")).to_have_count(50)
    expect(office.locator("#records tbody tr").first).to_contain_text("学员59")
    office.goto("/console/classes/c1/records?page=2")
    expect(office.locator("#records tbody tr")).to_have_count(10)
