"""The office's pages in Chromium: packages, copies, material for an outage, files with Chinese labels, filters."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge_agent.evidence.orders import EXPORT, publish_address
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.secrets import SecretBox
from edge_agent.store import cameras, requests, supplements, training
from edge_agent.store.accounts import Role
from tests.venue import at, reading
from tests.web.conftest import House


@pytest.fixture
def office(browser: Browser, house: House) -> Page:
    house.venue.writer.run(lambda tx: training.save_room(tx, "r1", "201", by="test"))
    house.venue.add_class("c1", name="育婴员")
    house.venue.add_trainee("t1", name="王小明", document="370102199001011234")
    house.venue.add_lesson("A", "08:00", room="r1")
    house.venue.clock.set(at("10:00"))
    context = browser.new_context(locale="en-US", accept_downloads=True)
    context.add_cookies(house.cookies(house.add_account(Role.ADMINISTRATOR)))
    return context.new_page()


def test_a_package_with_whole_ids_shows_its_password_once(office: Page, house: House, tmp_path: Path) -> None:
    box = SecretBox.at(tmp_path / "letters.key")
    publish_address(house.venue.writer, box)
    office.goto(f"{house.url}/console/lessons/A")
    office.get_by_role("link", name="导出", exact=True).last.click()
    office.get_by_label("包含完整身份证号").check()
    office.get_by_role("button", name="生成证据包").click()
    password = office.locator("#password .pin")
    expect(password).to_have_text(re.compile(r"^[a-z2-9]{16}$"))
    with reading(house.venue.database) as connection:
        [asked] = requests.recent(connection, EXPORT, 5)
    assert (asked.args["lesson"], asked.args["class_id"]) == ("A", "c1")
    assert password.inner_text() not in str(asked.args)
    office.reload()
    expect(office.locator("#made")).to_contain_text("正在生成")
    expect(office.locator("#password")).to_be_hidden()
    house.venue.writer.run(lambda tx: requests.take(tx, (EXPORT,)))
    trouble = {"error": "No room (磁盘已满)."}
    house.venue.writer.run(lambda tx: requests.answer(tx, asked.id, trouble, failed=True))
    expect(office.locator("#made")).to_contain_text("磁盘已满")


def test_a_copy_is_kept_by_the_browser(office: Page, house: House) -> None:
    office.goto(f"{house.url}/console/trainees/t1")
    office.get_by_role("button", name="水印副本").click()
    expect(office.get_by_label("接收人")).to_have_value("王小明")
    office.get_by_label("用途").fill("本人查阅")
    with office.expect_download() as kept:
        office.get_by_role("button", name="生成并下载").click()
    assert kept.value.suggested_filename.endswith(".pdf")
    assert kept.value.path().read_bytes().startswith(b"%PDF")


def test_material_for_an_outage_is_filed_and_recognised(office: Page, house: House, tmp_path: Path) -> None:
    film = tmp_path / "手机录像.mp4"
    film.write_bytes(b"from a telephone" * 100_000)
    office.goto(f"{house.url}/console/lessons/A")
    office.get_by_role("button", name="提交材料").click()
    office.locator("input[name=material]").set_input_files(film)
    expect(office.locator("#filing")).to_contain_text("手机录像.mp4")
    office.locator("#filing [name=end]").fill("07:00")
    office.locator("#filing [name=reason]").fill("停电")
    office.locator("#filing button.primary").click()
    expect(office.locator("#filing .wrong")).to_contain_text("结束须晚于开始")
    office.locator("#filing [name=end]").fill("08:45")
    office.locator("#filing button.primary").click()
    expect(office.locator("#supplements")).to_contain_text("待区县认可")
    with reading(house.venue.database) as connection:
        [filed] = supplements.of_class(connection, "c1")
    assert (filed.start, filed.end, filed.reason) == (at("08:00"), at("08:45"), "停电")
    with office.expect_download() as kept:
        office.locator("#supplements").get_by_role("link", name="停电").click()
    assert hashlib.sha256(kept.value.path().read_bytes()).digest() == hashlib.sha256(film.read_bytes()).digest()
    office.get_by_role("button", name="登记认可").click()
    office.get_by_label("文号").fill("历城人社〔2026〕1号")
    office.get_by_role("button", name="登记", exact=True).click()
    expect(office.locator("#supplements")).to_contain_text("历城人社〔2026〕1号")


def test_a_filter_is_set_and_lifted(office: Page, house: House) -> None:
    office.goto(f"{house.url}/console/classes")
    office.get_by_label("状态").select_option(label="草稿")
    expect(office.locator("tbody")).to_contain_text("没有符合条件的班级")
    office.get_by_label("状态").select_option(label="全部")
    expect(office.locator("tbody")).to_contain_text("育婴员")
    office.get_by_label("查找").fill("王小")
    office.get_by_label("查找").press("Enter")
    expect(office.locator("main")).to_contain_text("王小明")


def test_a_lesson_without_a_camera_is_mended_from_the_overview(office: Page, house: House) -> None:
    camera = Camera("cam1", "201 后方", CameraKind.RTSP, "r9", "rtsp://127.0.0.1/main")
    house.venue.writer.run(lambda tx: cameras.save_camera(tx, camera))
    house.venue.clock.set(at("07:40"))
    office.goto(f"{house.url}/console")
    expect(office.locator("#hands")).to_contain_text("设备未绑定")
    office.locator("#hands").get_by_role("link", name="关联设备").click()
    office.get_by_role("button", name="关联设备").click()
    office.get_by_label("201 后方").check()
    office.get_by_role("button", name="保存").click()
    expect(office.locator("#tasks")).to_contain_text("201 后方")
    expect(office.locator("#tasks")).not_to_contain_text("设备未绑定")


def test_what_is_not_there_is_told_in_chinese(office: Page, house: House) -> None:
    for page in ("nowhere", "console/lessons?week=never"):
        office.goto(f"{house.url}/{page}")
        told = office.locator("body").inner_text()
        assert not any(word in told for word in ("Not Found", "Input", "valid")), told
