"""成员管理: first passwords that open one page, PINs, the lock lifted, resets that end sessions, the last one stays."""

from __future__ import annotations

import httpx
from playwright.sync_api import Dialog, Page, expect

from edge_agent.store.accounts import Role
from tests.web.conftest import PASSWORD, House


def log_in(house: House, login: str, password: str) -> httpx.Response:
    return httpx.post(f"{house.url}/api/v1/sessions", json={"login": login, "password": password})


def test_a_member_s_first_password_opens_only_its_change(office: Page, venue: House) -> None:
    office.goto("/console/members")
    office.get_by_role("button", name="添加成员").click()
    form = office.locator("dialog[open]")
    form.locator("[name=role]").select_option("instructor")
    form.locator("[name=name]").fill("<b>李老师</b>")
    form.locator("[name=login]").fill("13812345678")
    form.get_by_role("button", name="保存").click()
    row = office.locator("tbody tr", has_text="<b>李老师</b>")
    expect(row).to_contain_text("初始密码")
    with office.context.browser.new_context(locale="zh-CN", base_url=venue.url) as other:  # type: ignore[union-attr]  # it runs
        page = other.new_page()
        page.goto("/login")
        page.locator("[name=login]").fill("13812345678")
        page.locator("[name=password]").fill("345678")
        page.get_by_role("button", name="登录").click()
        expect(page.locator("[name=new]")).to_be_visible()
        page.goto("/teach")
        expect(page).to_have_url(f"{venue.url}/password")
        page.locator("[name=old]").fill("345678")
        page.locator("[name=new]").fill("hai-shi-xue-xi")
        page.locator("form[data-api*=password] button").last.click()
        page.wait_for_url(lambda url: "/password" not in url)
    office.reload()
    expect(row).to_contain_text("正常")


def test_a_first_password_ends_after_72_hours(office: Page, venue: House) -> None:
    teacher = venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    office.on("dialog", lambda dialog: dialog.accept())
    office.goto("/console/members")
    office.locator("tbody tr", has_text="周老师").get_by_role("button", name="重置密码").click()
    expect(office.locator("tbody tr", has_text="周老师")).to_contain_text("初始密码")
    venue.venue.clock.advance(72 * 3600 - 60)
    assert log_in(venue, teacher.login, "345678").status_code == 201
    venue.venue.clock.advance(120)
    late = log_in(venue, teacher.login, "345678")
    assert (late.status_code, "过期" in late.text) == (401, True)


def test_a_reset_ends_the_sessions_that_were_open(office: Page, venue: House) -> None:
    teacher = venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    office.on("dialog", lambda dialog: dialog.accept())
    with venue.client(teacher) as before:
        assert before.get("/api/v1/sessions").status_code == 200
        office.goto("/console/members")
        office.locator("tbody tr", has_text="周老师").get_by_role("button", name="重置密码").click()
        expect(office.locator("tbody tr", has_text="周老师")).to_contain_text("初始密码")
        assert before.get("/api/v1/sessions").status_code == 401


def test_somebody_is_logged_out_everywhere(office: Page, venue: House) -> None:
    teacher = venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    office.on("dialog", lambda dialog: dialog.accept())
    with venue.client(teacher) as before:
        assert before.get("/api/v1/sessions").status_code == 200
        office.goto("/console/members")
        with office.expect_response("**/sessions") as answered:
            office.locator("tbody tr", has_text="周老师").get_by_role("button", name="强制退出").click()
        assert answered.value.ok
        assert before.get("/api/v1/sessions").status_code == 401
    assert log_in(venue, teacher.login, PASSWORD).status_code == 201
    own = office.locator("tbody tr", has_text="张主任")
    expect(own.get_by_role("button", name="停用")).to_be_visible()
    expect(own.get_by_role("button", name="强制退出")).to_have_count(0)


def test_a_lock_is_seen_and_lifted(office: Page, venue: House) -> None:
    teacher = venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    for _ in range(5):
        log_in(venue, teacher.login, "wrong")
    office.goto("/console/members")
    row = office.locator("tbody tr", has_text="周老师")
    expect(row).to_contain_text("已锁定")
    row.get_by_role("button", name="解锁").click()
    expect(row).to_contain_text("正常")
    assert log_in(venue, teacher.login, PASSWORD).status_code == 201


def test_easy_pins_are_refused_and_good_ones_kept(office: Page, venue: House) -> None:
    venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    office.goto("/console/members")
    row = office.locator("tbody tr", has_text="周老师")
    row.get_by_role("button", name="PIN").click()
    form = office.locator("dialog[open]")
    form.locator("[name=pin]").fill("123456")
    form.get_by_role("button", name="保存").click()
    expect(form.locator(".wrong")).not_to_be_empty()
    form.locator("[name=pin]").fill("385201")
    form.get_by_role("button", name="保存").click()
    expect(row).to_contain_text("已设置")


def test_the_last_administrator_is_not_put_out(office: Page) -> None:
    said: list[str] = []

    def hear(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.accept()

    office.on("dialog", hear)
    office.goto("/console/members")
    with office.expect_event("dialog"):
        office.locator("tbody tr", has_text="张主任").get_by_role("button", name="停用").click()
    office.reload()
    expect(office.locator("tbody tr", has_text="张主任")).to_contain_text("正常")
    assert any("管理员" in text for text in said)
