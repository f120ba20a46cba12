"""班级管理: adding, 提交开班审核 with its 7-day warning, 立即开班, soft deletion, 一键通知, two windows."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from edge_agent.model.kinds.plan import ClassStateChanged, TraineeNotified
from edge_agent.model.people import ClassState, Teacher
from edge_agent.store import training
from edge_agent.store.facts import read_facts
from tests.venue import DAY, reading
from tests.web.conftest import House


def told(house: House, kind: str) -> list[dict[str, object]]:
    with reading(house.venue.database) as connection:
        return [dict(fact.data) for fact in read_facts(connection, kinds=(kind,))]


def draft(house: House, days: int) -> None:
    """A class that opens in `days`, with a teacher and one trainee."""
    opens = DAY + timedelta(days)
    house.venue.add_class(
        "c9", name="护理员", state=ClassState.DRAFT, opens=opens, closes=opens + timedelta(9), required_periods=8
    )
    house.venue.add_trainee("t9", "c9", "赵六")
    house.venue.writer.run(
        lambda tx: training.save_teachers(tx, [Teacher("l9", "周老师", full_time=True, classes=("c9",))])
    )


def test_a_class_is_added_and_changed(office: Page) -> None:
    office.goto("/console/classes")
    office.get_by_role("button", name="新建班级").click()
    form = office.locator("dialog[open]")
    form.locator("[name=code]").fill("QC-9")
    form.locator("[name=name]").fill("<b>护理员</b>")
    form.locator("[name=opens]").fill("2024-11-01")
    form.locator("[name=closes]").fill("2024-10-01")
    form.get_by_role("button", name="保存").click()
    expect(form.locator(".wrong")).to_have_text("结班时间早于开班时间")
    form.locator("[name=closes]").fill("2024-11-30")
    form.get_by_role("button", name="保存").click()
    expect(office.get_by_role("heading", name="<b>护理员</b>")).to_be_visible()
    office.get_by_role("button", name="编辑").click()
    office.locator("dialog[open] [name=required_periods]").fill("40")
    office.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(office.locator("main .head").first).to_contain_text("40 课时")
    office.goto("/console/classes")
    office.get_by_role("button", name="新建班级").click()
    form.locator("[name=code]").fill("QC-9")
    form.locator("[name=name]").fill("另一个")
    form.get_by_role("button", name="保存").click()
    expect(form.locator(".wrong")).to_have_text("培训期次ID 已存在")


def test_less_than_seven_days_ahead_is_warned_of_and_ticked(office: Page, venue: House) -> None:
    draft(venue, 5)
    office.goto("/console/classes/c9")
    office.get_by_role("button", name="提交开班审核").click()
    dialog = office.locator("dialog[open]")
    warning = dialog.locator("label.warn")
    expect(warning).to_have_text(re.compile("7"))
    dialog.get_by_role("button", name="提交").click()
    assert warning.locator("input").evaluate("(box) => box.validity.valueMissing")
    assert told(venue, ClassStateChanged.KIND) == []
    warning.locator("input").check()
    dialog.get_by_role("button", name="提交").click()
    expect(office.locator("h1 + .tag")).to_have_text("待审核")
    [moved] = told(venue, ClassStateChanged.KIND)
    assert moved["warnings"], "what was ticked is on the record"


def test_seven_days_ahead_nothing_is_warned_of(office: Page, venue: House) -> None:
    draft(venue, 7)
    office.goto("/console/classes/c9")
    office.get_by_role("button", name="提交开班审核").click()
    dialog = office.locator("dialog[open]")
    expect(dialog).to_contain_text("没有需要确认的提示")
    dialog.get_by_role("button", name="提交").click()
    expect(office.locator("h1 + .tag")).to_have_text("待审核")


def test_a_class_is_opened_by_hand(office: Page, venue: House) -> None:
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="立即开班").click()
    expect(office.locator("h1 + .tag")).to_have_text("已开班")
    expect(office.get_by_role("button", name="立即开班")).to_have_count(0)
    with reading(venue.venue.database) as connection:
        assert training.get_class(connection, "c1").opened_by_hand
    [moved] = told(venue, ClassStateChanged.KIND)
    assert moved["opened_by_hand"]


def test_deletion_is_soft_and_taken_back(office: Page, venue: House) -> None:
    office.on("dialog", lambda dialog: dialog.accept())
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="删除").click()
    expect(office.locator("h1 + .tag")).to_have_text("已删除")
    office.goto("/console/classes")
    expect(office.locator("tbody")).not_to_contain_text("育婴员")
    office.get_by_label("状态").select_option(label="已删除")
    office.get_by_role("link", name="育婴员").click()
    with reading(venue.venue.database) as connection:
        assert len(training.list_trainees(connection, "c1")) == 2, "its evidence stays"
    office.get_by_role("button", name="恢复").click()
    expect(office.locator("h1 + .tag")).not_to_have_text("已删除")


def test_each_trainee_is_notified_once(office: Page, venue: House) -> None:
    office.goto("/console/classes/c1")
    for _ in range(2):
        with office.expect_response("**/notifications") as answered:
            office.get_by_role("button", name="一键通知").click()
        assert answered.value.ok
        expect(office.locator("tbody").first.get_by_text("已通知")).to_have_count(2)
    [notified] = told(venue, TraineeNotified.KIND)
    assert sorted(notified["trainees"]) == ["t1", "t2"]  # type: ignore[call-overload]  # a list


def test_two_windows_on_one_class(office: Page) -> None:
    other = office.context.new_page()
    for page, name in ((office, "育婴员甲"), (other, "育婴员乙")):
        page.goto("/console/classes/c1")
        page.get_by_role("button", name="编辑").click()
        page.locator("dialog[open] [name=name]").fill(name)
    for page in (office, other):
        page.locator("dialog[open]").get_by_role("button", name="保存").click()
        expect(office.get_by_role("heading", name="育婴员甲")).to_be_visible()
    expect(other.locator("dialog[open] .wrong")).to_have_text("班级已被他人修改，请刷新页面后重试")


def test_a_filter_is_set_and_lifted(office: Page) -> None:
    office.goto("/console/classes")
    office.get_by_label("状态").select_option(label="草稿")
    expect(office.locator("tbody")).to_contain_text("没有符合条件的班级")
    office.get_by_label("状态").select_option(label="全部")
    expect(office.locator("tbody")).to_contain_text("育婴员")
    office.get_by_label("查找").fill("王小")
    office.get_by_label("查找").press("Enter")
    expect(office.locator("main")).to_contain_text("王小明")
