"""学员: 实名认证 with both card sides and 人工审核, consents on paper and their withdrawal, account, copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn, IdentityChecked
from edge_agent.store import accounts, consents, media, training
from edge_agent.store.facts import read_facts
from tests.venue import reading
from tests.web.conftest import House
from tests.web.evidence import picture


def told(house: House, kind: str) -> list[dict[str, object]]:
    with reading(house.venue.database) as connection:
        return [dict(fact.data) for fact in read_facts(connection, kinds=(kind,))]


def test_both_sides_of_the_card_are_kept_and_shown(office: Page, venue: House, tmp_path: Path) -> None:
    card = tmp_path / "身份证.jpg"
    card.write_bytes(picture("CARD"))
    office.goto("/console/trainees/t1")
    for number, side in enumerate(("人像面", "国徽面")):
        form = office.locator("form[enctype]").nth(number)
        form.locator("input[type=file]").set_input_files(card)
        expect(form).to_contain_text("身份证.jpg")
        form.get_by_role("button", name="上传").click()
        shown = office.get_by_role("img", name=side)
        expect(shown).to_be_visible()
        expect(shown).to_have_js_property("naturalWidth", 640)
    with reading(venue.venue.database) as connection:
        assert set(media.cards(connection, "t1")) == {"front", "back"}


def test_what_is_no_picture_is_refused(office: Page, venue: House, tmp_path: Path) -> None:
    lie = tmp_path / "card.jpg"
    lie.write_bytes(b"%PDF-1.7")
    office.goto("/console/trainees/t1")
    form = office.locator("form[enctype]").first
    form.locator("input[type=file]").set_input_files(lie)
    form.get_by_role("button", name="上传").click()
    expect(form.locator(".wrong")).to_have_text("请上传 8 MB 以内的 JPG 或 PNG 照片")
    with reading(venue.venue.database) as connection:
        assert media.cards(connection, "t1") == {}


def test_a_person_decides_where_the_check_fails(office: Page, venue: House) -> None:
    office.goto("/console/trainees/t1")
    expect(office.locator("h1 + .tag")).to_have_text("待认证")
    office.get_by_label("人工审核").select_option(label="不通过")
    office.get_by_role("button", name="提交审核").click()
    expect(office.locator("form", has_text="提交审核").locator(".wrong")).to_contain_text("原因")
    office.locator("[name=reason]").fill("临时身份证 <i>")
    office.get_by_role("button", name="提交审核").click()
    office.wait_for_load_state()
    expect(office.locator("h1 + .tag")).to_have_text("待认证")
    office.get_by_label("人工审核").select_option(label="通过：证件与本人一致")
    office.get_by_role("button", name="提交审核").click()
    expect(office.locator("h1 + .tag")).to_have_text("已认证")
    assert [fact["accepted"] for fact in told(venue, IdentityChecked.KIND)] == [False, True]
    with reading(venue.venue.database) as connection:
        assert training.get_trainee(connection, "t1").verified


def test_consent_on_paper_and_its_withdrawal(office: Page, venue: House) -> None:
    office.goto("/console/trainees/t1")
    office.on("dialog", lambda dialog: dialog.accept())
    form = office.locator("form", has_text="纸质同意书编号").first
    form.get_by_role("button", name="登记").click()
    assert form.locator("[name=paper]").evaluate("(field) => !field.checkValidity()")
    form.locator("[name=paper]").fill("2024-017")
    form.get_by_role("button", name="登记").click()
    consent = office.locator("section.card", has_text="同意书").last
    expect(consent).to_contain_text("已同意")
    [given] = told(venue, ConsentGiven.KIND)
    assert (given["purpose"], given["paper"]) == ("recognise", "2024-017")
    consent.get_by_role("button", name="撤回").click()
    expect(consent).to_contain_text("已撤回")
    [withdrawn] = told(venue, ConsentWithdrawn.KIND)
    assert withdrawn["purpose"] == "recognise"
    with reading(venue.venue.database) as connection:
        assert consents.who_consents(connection, "recognise") == set()


def test_a_trainee_s_account_is_issued(office: Page, venue: House) -> None:
    office.goto("/console/trainees/t1")
    office.on("dialog", lambda dialog: dialog.accept())
    office.get_by_role("button", name="发放学员账号").click()
    expect(office.get_by_role("button", name="重发学员账号")).to_be_visible()
    with reading(venue.venue.database) as connection:
        account = accounts.find(connection, "370102199001011234")
    assert account is not None
    assert account.must_change


@pytest.mark.usefixtures("venue")
def test_an_inspector_sees_no_card_and_no_form(inspector: Page) -> None:
    inspector.goto("/console/trainees/t1")
    expect(inspector.get_by_role("heading", name="王小明")).to_be_visible()
    expect(inspector.locator("main form")).to_have_count(0)
    assert inspector.request.get("/api/v1/trainees/t1/cards/front").status == 403


def test_a_copy_is_kept_by_the_browser(office: Page) -> None:
    office.goto("/console/trainees/t1")
    office.get_by_role("button", name="水印副本").click()
    expect(office.get_by_label("接收人")).to_have_value("王小明")
    office.get_by_label("用途").fill("本人查阅")
    with office.expect_download() as kept:
        office.get_by_role("button", name="生成并下载").click()
    assert kept.value.suggested_filename.endswith(".pdf")
    assert kept.value.path().read_bytes().startswith(b"%PDF")
