"""我的账号: where one is logged in, and ending that elsewhere."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from edge_agent.model.kinds.people import SessionClosed
from edge_agent.store import accounts
from edge_agent.store.accounts import Role
from edge_agent.store.facts import read_facts
from tests.venue import reading
from tests.web.conftest import House


def test_other_sessions_are_ended_and_nobody_else_s(office: Page, venue: House) -> None:
    office.goto("/account")
    expect(office.get_by_role("button", name="退出其他设备")).to_have_count(0)
    with reading(venue.venue.database) as connection:
        [account] = accounts.list_accounts(connection, Role.ADMINISTRATOR)
    other = venue.add_account(Role.INSTRUCTOR)
    with venue.client(account) as left_behind, venue.client(other) as stranger:
        office.reload()
        expect(office.locator("tbody tr")).to_have_count(2)
        office.get_by_role("button", name="退出其他设备").click()
        expect(office.locator("tbody tr")).to_have_count(1)
        assert left_behind.get("/api/v1/sessions").status_code == 401
        assert stranger.get("/api/v1/sessions").status_code == 200
    with reading(venue.venue.database) as connection:
        [closed] = read_facts(connection, kinds=(SessionClosed.KIND,))
    assert (closed.data["account"], closed.data["cause"], closed.by) == (account.id, "revoked", account.id)
