"""同步状态: what the centre has not confirmed, what is not uploaded, outages as they begin and end."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from edge_agent.model.kinds.system import OutageClosed, OutageOpened
from tests.venue import at
from tests.web.conftest import House
from tests.web.evidence import take


def test_the_backlog_and_outages_follow_by_themselves(office: Page, venue: House) -> None:
    office.goto("/console/sync")
    figures = office.locator("#sync .figure b")
    before = int(figures.nth(0).inner_text())
    assert before > 0
    expect(office.get_by_text("没有中断")).to_be_visible()
    take(venue, "A/p1/opening", at("08:03"))
    expect(figures.nth(0)).to_have_text(str(before + 1))
    expect(figures.nth(1)).to_have_text("1")
    venue.venue.writer.append(OutageOpened(what="network", at=at("10:00"), detail="<b>eth0</b>"))
    row = office.locator("tbody tr").first
    expect(row).to_contain_text("断网")
    expect(row).to_contain_text("<b>eth0</b>")
    closed = OutageClosed(what="network", start=at("10:00"), end=at("10:05"), detail="eth0")
    venue.venue.writer.append(closed)
    expect(row).to_contain_text("断网恢复")
