"""添加学员, 修改 and 退出班级: one trainee by a form, judged as a row of a roster is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from edge_agent.model.kinds.plan import RosterSaved
from edge_agent.model.people import ClassState, Trainee
from edge_agent.store import training
from edge_agent.store.accounts import Role
from tests.intake.workbooks import resident_id
from tests.venue import reading
from tests.web.conftest import House
from tests.web.console.test_byhand import fill, save


def trainee_of(house: House, identifier: str) -> Trainee:
    with reading(house.venue.database) as connection:
        return training.get_trainee(connection, identifier)


def roster(house: House) -> set[str]:
    with reading(house.venue.database) as connection:
        return {each.name for each in training.list_trainees(connection, "c1")}


def test_a_trainee_is_added(office: Page, venue: House) -> None:
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="添加学员").click()
    fill(office, name="赵　六", document=f" {resident_id(7)} ", phone="139-0000-0007", subgroup="一组")
    save(office)
    expect(office.get_by_role("link", name="赵六")).to_be_visible()
    with reading(venue.venue.database) as connection:
        made = next(each for each in training.list_trainees(connection, "c1") if each.name == "赵六")
    assert (made.document, made.document_type, made.phone) == (resident_id(7), "resident", "13900000007")
    assert (made.subgroup, made.verified, made.revision) == ("一组", False, 1)
    *_, fact = venue.venue.facts(RosterSaved.KIND)
    assert made.id in fact["trainees"]


def test_errors_stand_in_their_fields(office: Page, venue: House) -> None:
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="添加学员").click()
    fill(office, name="<b>钱七</b>", document=resident_id(8)[:-2], phone="12")
    save(office)
    form = office.locator("dialog[open]")
    for name in ("name", "document", "phone"):
        field = form.locator(f"label:has([name={name}])")
        expect(field.locator("small.bad")).not_to_be_empty()
        expect(field.locator("input")).to_have_attribute("aria-invalid", "true")
    expect(form.locator("small.bad").first).to_contain_text("<b>钱七</b>")
    assert roster(venue) == {"王小明", "李秀英"}


def test_somebody_of_another_class_is_ticked_first(office: Page, venue: House) -> None:
    venue.venue.add_class("c2", name="焊工")
    venue.venue.add_trainee("t3", "c2", name="赵六", document=resident_id(7))
    office.goto("/console/classes/c1")
    office.get_by_role("button", name="添加学员").click()
    fill(office, name="赵六", document=resident_id(7))
    save(office)
    warning = office.locator("dialog[open] label.note.warn", has_text="焊工")
    expect(warning).to_be_visible()
    save(office)
    assert "赵六" not in roster(venue), "an unticked warning stops the browser already"
    warning.locator("input").check()
    save(office)
    expect(office.get_by_role("link", name="赵六")).to_be_visible()
    *_, fact = venue.venue.facts(RosterSaved.KIND)
    assert fact["warnings"] == ["trainee_other_class@1"]


def test_a_trainee_is_changed(office: Page, venue: House) -> None:
    office.goto("/console/trainees/t1")
    office.get_by_role("button", name="修改", exact=True).click()
    expect(office.locator("dialog[open] [name=document]")).to_have_value("")
    fill(office, name="王晓明", subgroup="二组")
    save(office)
    expect(office.locator("h1")).to_have_text("王晓明")
    changed = trainee_of(venue, "t1")
    assert (changed.name, changed.subgroup, changed.revision) == ("王晓明", "二组", 2)
    assert (changed.document, changed.phone) == ("370102199001011234", "13800000000"), "empty ones stay"
    office.get_by_role("button", name="修改", exact=True).click()
    expect(office.locator("dialog[open] [name=document_type]")).to_have_value("resident")
    fill(office, document_type="港澳台居民居住证")
    save(office)
    expect(office.get_by_role("button", name="修改", exact=True)).to_be_visible()
    expect(office.locator("dialog[open]")).to_have_count(0)
    assert trainee_of(venue, "t1").document_type == "residence_permit"
    office.get_by_role("button", name="修改", exact=True).click()
    fill(office, document_type="按号码判断", document=resident_id(9), phone="13900000009", subgroup="")
    save(office)
    expect(office.locator("dl.facts")).to_contain_text(resident_id(9)[-4:])
    changed = trainee_of(venue, "t1")
    assert (changed.document, changed.phone, changed.subgroup) == (resident_id(9), "13900000009", "")
    assert changed.document_type == "resident"


def test_a_verified_number_stays_and_another_name_is_verified_again(office: Page, venue: House) -> None:
    venue.venue.add_trainee("t3", name="赵六", document=resident_id(7), verified=True)
    office.goto("/console/trainees/t3")
    office.get_by_role("button", name="修改", exact=True).click()
    expect(office.locator("dialog[open] [name=document]")).to_have_count(0)
    fill(office, name="赵陆")
    save(office)
    office.locator("dialog[open] label.note.warn", has_text="重新实名认证").locator("input").check()
    save(office)
    expect(office.locator("h1 + .tag")).to_have_text("待认证")
    venue.venue.add_trainee("t4", name="孙八", document=resident_id(8), verified=True)
    change = {"name": "孙八", "document": resident_id(9), "revision": 1}
    with venue.client(venue.add_account(Role.ADMINISTRATOR, "13900000001")) as other:
        answer = other.put("/api/v1/trainees/t4", json=change).json()
    assert [(each["field"], each["code"]) for each in answer["problems"]] == [("document", "document_verified")]
    assert trainee_of(venue, "t4").document == resident_id(8)


def test_a_trainee_leaves_and_comes_back_as_themselves(office: Page, venue: House) -> None:
    venue.venue.add_trainee("t3", name="赵六", document=resident_id(7), verified=True)
    office.goto("/console/trainees/t3")
    office.get_by_role("button", name="退出班级").click()
    office.locator("dialog[open]").get_by_role("button", name="退出班级").click()
    expect(office.locator("main")).to_contain_text("已退出班级")
    expect(office.get_by_role("button", name="修改", exact=True)).to_have_count(0)
    assert roster(venue) == {"王小明", "李秀英"}
    *_, fact = venue.venue.facts(RosterSaved.KIND)
    assert "t3" not in fact["trainees"]
    with venue.client(venue.add_account(Role.ADMINISTRATOR, "13900000001")) as other:
        assert other.post("/api/v1/trainees/t3/leave", json={"revision": 2}).status_code == 409
        back = other.post("/api/v1/classes/c1/trainees", json={"name": "赵六", "document": resident_id(7)}).json()
    assert (back["id"], back["written"]["changed"]) == ("t3", 1)
    assert trainee_of(venue, "t3").verified


def test_what_two_windows_save_is_not_overwritten(office: Page, venue: House) -> None:
    office.goto("/console/trainees/t1")
    office.get_by_role("button", name="修改", exact=True).click()
    with venue.client(venue.add_account(Role.ADMINISTRATOR, "13900000001")) as other:
        first = other.put("/api/v1/trainees/t1", json={"name": "王小明", "subgroup": "三组", "revision": 1})
        assert first.json()["written"]["changed"] == 1
    fill(office, subgroup="四组")
    save(office)
    expect(office.locator("dialog[open] .wrong")).to_contain_text("已被他人修改")
    assert trainee_of(venue, "t1").subgroup == "三组"


@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ({"name": "", "document": resident_id(7)}, "name", "cell_empty"),
        ({"name": "赵六"}, "document", "cell_empty"),
        ({"name": "赵六", "document": resident_id(5)}, "document", "trainee_known"),
        ({"name": "赵六", "document": resident_id(7), "phone": "9"}, "phone", "phone_bad"),
    ],
)
def test_the_api_names_the_field(venue: House, form: dict[str, str], field: str, code: str) -> None:
    venue.venue.add_trainee("t5", name="周五", document=resident_id(5))
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        answer = client.post("/api/v1/classes/c1/trainees", json=form).json()
        taken = client.put("/api/v1/trainees/t1", json={"name": "王", "document": resident_id(5), "revision": 1}).json()
        missing = client.put("/api/v1/trainees/none", json={"name": "王", "revision": 1})
    errors = [(each["field"], each["code"]) for each in answer["problems"] if each["severity"] == "error"]
    assert (errors, answer["written"]) == ([(field, code)], None)
    assert all(each["zh"] and each["en"] and resident_id(5) not in str(each) for each in answer["problems"])
    assert taken["blocking"] == ["trainee_known@1"]
    assert missing.status_code == 404


def test_a_full_or_closed_class_takes_nobody(venue: House) -> None:
    for number in range(48):
        venue.venue.add_trainee(f"x{number}", name="学员", document=resident_id(100 + number))
    venue.venue.add_class("c2", state=ClassState.CLOSED)
    form = {"name": "赵六", "document": resident_id(7)}
    with venue.client(venue.add_account(Role.ADMINISTRATOR)) as client:
        full = client.post("/api/v1/classes/c1/trainees", json=form).json()
        closed = client.post("/api/v1/classes/c2/trainees", json=form).json()
    assert "class_full@0" in full["blocking"]
    assert "class_closed@0" in closed["blocking"]
    assert "赵六" not in roster(venue)
