"""At the door: a PIN that is locked, and an administrator who lifts the lock on the kiosk's own screen."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from edge_agent.store.accounts import Account, Role
from tests.web.conftest import House


def enter(page: Page, person: Account, pin: str) -> None:
    page.goto("/kiosk/staff")
    page.locator(f"input[value='{person.id}']").check(force=True)
    page.locator("#pin").fill(pin)
    with page.expect_response("**/sessions/pin"):
        page.locator("form.by-hand button[type=submit], form.by-hand button.primary").first.click()


def test_a_lock_is_lifted_on_the_kiosk_s_screen(browser: Browser, venue: House) -> None:
    teacher = venue.add_account(Role.INSTRUCTOR, "13812345678", name="周老师")
    chief = venue.add_account(Role.ADMINISTRATOR, "13887654321", name="张主任")
    with venue.client(chief) as office:
        for person, pin in ((teacher, "385201"), (chief, "740926")):
            assert office.put(f"/api/v1/accounts/{person.id}/pin", json={"pin": pin}).status_code == 200
    with browser.new_context(locale="zh-CN", base_url=venue.url, viewport={"width": 1024, "height": 600}) as context:
        context.add_cookies(venue.kiosk_cookies("r1"))
        page = context.new_page()
        for _ in range(5):
            enter(page, teacher, "111111")
        enter(page, teacher, "385201")
        expect(page.locator(".wrong")).to_contain_text("锁定")
        enter(page, chief, "740926")
        page.wait_for_url("**/teach")
        page.goto("/console/members")
        page.locator("tbody tr", has_text="周老师").get_by_role("button", name="解锁").click()
        expect(page.locator("tbody tr", has_text="周老师")).to_contain_text("正常")
        page.get_by_role("button", name="退出", exact=True).click()
        page.wait_for_url(lambda url: "/console" not in url)
        enter(page, teacher, "385201")
        page.wait_for_url("**/teach")
        expect(page.get_by_role("link", name="周老师")).to_be_visible()
