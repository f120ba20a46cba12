"""现场检查: one screen a class, a record that is signed with the password; a sheet to print for an outage."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge_agent.checkin.visit import Visit
from edge_agent.model.kinds.people import InspectionRecorded
from edge_agent.model.lesson import LessonKind
from edge_agent.store.facts import read_facts
from tests.venue import at, reading
from tests.web.conftest import PASSWORD, House, bind
from tests.web.evidence import take


@pytest.fixture
def opening(venue: House) -> House:
    """The opening day's lesson, in its sign-in."""
    venue.venue.add_lesson("B", "11:00", room="r1", subject="体操", teacher="l1", kind=LessonKind.OPENING)
    bind(venue, "cam1", "201 后方", "r1")
    venue.venue.clock.set(at("10:50"))
    return venue


def test_one_screen_tells_the_room(inspector: Page, opening: House) -> None:
    inspector.goto("/inspect")
    expect(inspector.locator("#today a", has_text="11:00")).to_contain_text("开班")
    opening.venue.clock.set(at("11:05"))
    inspector.goto("/inspect/c1")
    figures = inspector.locator("#numbers .figure b")
    expect(figures.nth(0)).to_have_text("2")
    expect(figures.nth(1)).to_have_text("0")
    opening.site.desk.tap("t1", Visit(id="v", stamp=opening.venue.clock.stamp(), method="face"))
    expect(figures.nth(1)).to_have_text("1")
    expect(inspector.locator("#list li", has_text="王小明")).to_contain_text("11:05")
    expect(inspector.locator("#list li", has_text="李秀英")).to_contain_text("未签到")
    take(opening, "B/p1/opening", at("11:05"), heads=2)
    expect(figures.nth(3)).to_have_text("2")
    expect(inspector.locator("figure.live")).to_contain_text("201 后方")


def test_a_record_is_signed_with_the_password(inspector: Page, opening: House) -> None:
    inspector.goto("/inspect/c1")
    inspector.locator("[name=occasion]").select_option("opening")
    inspector.locator("[name=heads]").fill("2")
    inspector.locator("[name=text]").fill("人证相符 <script>alert(1)</script>")
    inspector.locator("[name=password]").fill("wrong")
    inspector.get_by_role("button", name="签名并提交").click()
    expect(inspector.locator("main .wrong")).not_to_be_empty()
    inspector.locator("[name=password]").fill(PASSWORD)
    inspector.get_by_role("button", name="签名并提交").click()
    expect(inspector.locator("main")).to_contain_text("人证相符 <script>alert(1)</script>")
    expect(inspector.locator("main")).to_contain_text("清点 2 人")
    with reading(opening.venue.database) as connection:
        [fact] = read_facts(connection, kinds=(InspectionRecorded.KIND,))
    assert (fact.data["occasion"], fact.data["heads"], fact.data["class_id"]) == ("opening", 2, "c1")


@pytest.mark.usefixtures("opening")
def test_an_administrator_signs_no_inspection(office: Page) -> None:
    office.goto("/inspect/c1")
    expect(office.get_by_role("heading", name="历次检查")).to_be_visible()
    expect(office.get_by_role("button", name="签名并提交")).to_have_count(0)


def test_the_sheet_for_an_outage_prints_names_and_lines_alone(office: Page, venue: House) -> None:
    venue.venue.add_trainee("t3", name="阿依古丽·买买提", document="370102199003033456")
    office.goto("/console/outage-sheet/A")
    office.evaluate("window.print = () => { window.printed = true; }")
    office.get_by_role("button", name="打印").click()
    assert office.evaluate("window.printed")
    expect(office.locator("tbody tr")).to_have_count(3)
    expect(office.locator("main")).not_to_contain_text("370102199003033456")
    office.emulate_media(media="print")
    expect(office.locator("nav")).to_be_hidden()
    expect(office.get_by_role("button", name="打印")).to_be_hidden()
    expect(office.get_by_role("heading", name="育婴员")).to_be_visible()
    name = office.locator("tbody td", has_text="阿依古丽·买买提").bounding_box()
    assert name is not None
    assert name["height"] < 60, "a name stands in one line"
