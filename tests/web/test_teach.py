"""The instructor's pages in Chromium: two taps sign somebody in, lists are live, lessons are changed with a reason."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.checkin.room import SNAPSHOT
from edge_agent.checkin.visit import Visit
from edge_agent.model.people import Teacher
from edge_agent.store import requests
from edge_agent.store.accounts import Account, Role
from edge_agent.store.attendance import of_class
from edge_agent.store.facts import read_facts
from edge_agent.store.training import save_teachers
from tests.venue import at, reading
from tests.web.conftest import House


@pytest.fixture
def teacher(house: House) -> Account:
    house.venue.add_class()
    for number, name in enumerate(("王小明", "李秀英", "<b>张伟</b>")):
        house.venue.add_trainee(f"t{number}", name=name)
    house.venue.add_lesson("A", "08:00", teacher="l1")
    house.venue.add_lesson("B", "14:00", teacher="l2")
    teachers = [Teacher("l1", "李老师", full_time=True), Teacher("l2", "赵老师", full_time=True)]
    house.venue.writer.run(lambda tx: save_teachers(tx, teachers))
    house.venue.clock.set(at("07:50"))
    return house.add_account(Role.INSTRUCTOR, person="l1")


@pytest.fixture
def lesson(browser: Browser, house: House, teacher: Account) -> Page:
    context = browser.new_context(locale="zh-CN")
    context.add_cookies(house.cookies(teacher))
    page = context.new_page()
    page.goto(f"{house.url}/teach")
    page.get_by_role("link", name="打卡").click()
    expect(page.get_by_role("heading", name="未签到")).to_be_visible()
    return page


def test_two_taps_sign_somebody_in(lesson: Page, house: House) -> None:
    lesson.get_by_label("王小明").check()
    lesson.get_by_role("button", name="手动签到").click()
    expect(lesson.locator("#signed")).to_contain_text("王小明")
    expect(lesson.locator("#signed")).to_contain_text("手动")
    with reading(house.venue.database) as connection:
        (tap,) = of_class(connection, "c1")
        assert (tap.method, tap.reason) == ("manual", "摄像头未识别")
        assert not requests.waiting(connection, (SNAPSHOT,))


def test_a_batch_takes_a_picture_of_the_room(lesson: Page, house: House) -> None:
    for box in lesson.locator("#unsigned input").all():
        box.check()
    lesson.locator("#reason").select_option(label="其他原因…")
    lesson.locator("#other input").fill("<script>停电</script>")
    lesson.get_by_role("button", name="手动签到").click()
    expect(lesson.locator("#counts")).to_contain_text("3/3")
    (request,) = house.venue.writer.run(lambda tx: requests.take(tx, (SNAPSHOT,)))
    assert (request.args["lesson"], sorted(request.args["trainees"])) == ("A", ["t0", "t1", "t2"])
    with reading(house.venue.database) as connection:
        assert {tap.reason for tap in of_class(connection, "c1")} == {"<script>停电</script>"}


def test_lists_are_live_and_names_are_text(lesson: Page, house: House) -> None:
    lesson.get_by_label("李秀英").check()
    house.site.desk.tap("t2", Visit(id="v", stamp=house.venue.clock.stamp(), method="face"))
    expect(lesson.locator("#signed")).to_contain_text("<b>张伟</b>")
    expect(lesson.get_by_label("李秀英")).to_be_checked()
    expect(lesson.locator("#unsigned li")).to_have_count(2)


def test_outside_the_window_it_is_said_by_name(lesson: Page, house: House) -> None:
    house.venue.clock.set(at("08:16"))
    lesson.get_by_label("王小明").check()
    lesson.get_by_role("button", name="手动签到").click()
    expect(lesson.locator("#unsigned-form .wrong")).to_have_text("王小明：已过签到时间")


def test_ending_early_and_cancelling_want_a_reason(lesson: Page, house: House) -> None:
    house.venue.clock.set(at("09:00"))
    lesson.reload()
    lesson.get_by_role("button", name="提前下课").click()
    lesson.locator("#end input[name=reason]").fill("停电")
    lesson.get_by_role("button", name="确认下课").click()
    expect(lesson.locator("main")).to_contain_text("08:00–09:00")
    lesson.get_by_role("button", name="取消课程").click()
    lesson.locator("#cancel input[name=reason]").fill("台风")
    lesson.get_by_role("button", name="确认取消").click()
    expect(lesson.locator("main")).to_contain_text("课程已取消：台风")


def test_another_instructors_lesson_is_taken_over_first(lesson: Page, house: House, teacher: Account) -> None:
    with house.client(teacher) as client:
        form = {"unit": "B/1", "direction": "in", "trainees": ["t0"], "reason": "x", "visit": "v"}
        assert client.post("/api/v1/lessons/B/attendance", json=form).status_code == 403
    lesson.goto(f"{house.url}/teach/lessons/B")
    expect(lesson.get_by_role("button", name="手动签到")).to_have_count(0)
    lesson.get_by_role("button", name="代课").click()
    lesson.locator("#substitute input[name=reason]").fill("赵老师病假")
    lesson.get_by_role("button", name="确认").last.click()
    expect(lesson.get_by_role("button", name="手动签到")).to_be_visible()
    with reading(house.venue.database) as connection:
        (fact,) = read_facts(connection, kinds=("lesson.substituted",))
    assert (fact.data["teacher"], fact.data["replaces"], fact.by) == ("l1", "l2", teacher.id)


def test_a_press_that_comes_twice_counts_once(house: House, teacher: Account) -> None:
    form = {"unit": "A/1", "direction": "in", "trainees": ["t0"], "reason": "x", "visit": "v"}
    with house.client(teacher) as client:
        answers = [client.post("/api/v1/lessons/A/attendance", json=form).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    with reading(house.venue.database) as connection:
        assert len(list(read_facts(connection, kinds=("attendance.",)))) == 1


def test_standing_says_what_may_be_missed(lesson: Page, house: House) -> None:
    house.venue.add_class(required_periods=4)
    lesson.goto(f"{house.url}/teach/classes/c1")
    expect(lesson.get_by_role("row").nth(1)).to_contain_text("0 课时")
    expect(lesson.get_by_role("row").nth(1)).to_contain_text("可达标")
