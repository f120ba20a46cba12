"""The centre's pages in Chromium: a person logs in, looks, decides, draws, sends a table, plays a recording."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edge_agent.central.staff import accounts
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.model.media import MediaKind
from tests.central.city import PASSWORD, City, build
from tests.central.place import at
from tests.servers import program

NEW_PASSWORD = "battery staple"


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = build(tmp_path, str(tmp_path / "central.db"))
    yield made
    made.close()


def enter(page: Page, city: City, login: str = "admin", password: str = PASSWORD) -> None:
    page.goto(f"{city.url}/login")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_from_the_first_password_to_the_venues(page: Page, city: City) -> None:
    with city.centre.database.write() as tx:
        _, first = accounts.add(
            tx, login="lixia", name="王检查员", role=Role.INSPECTOR, scope=Scope("district", "历下区"), now=city.now
        )
    enter(page, city, "lixia", "wrong")
    expect(page.locator(".wrong")).to_have_text("账号或密码错误")
    enter(page, city, "lixia", first)
    expect(page.get_by_role("heading", name="修改密码")).to_be_visible()
    page.get_by_label("原密码").fill(first)
    page.get_by_label("新密码").fill(NEW_PASSWORD)
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="概览")).to_be_visible()
    expect(page.get_by_text("历下区", exact=True)).to_be_visible()
    page.get_by_role("link", name="培训点", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("link", name="管理")).to_have_count(0)
    page.get_by_role("searchbox").fill("护理")
    page.get_by_role("button", name="查找").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Venues")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def test_an_inspector_approves_draws_and_notes(page: Page, city: City) -> None:
    city.person("li", Role.INSPECTOR)
    enter(page, city, "li")
    page.get_by_role("link", name="审核", exact=True).click()
    page.get_by_role("link", name="养老护理员中级 2026-1 期").click()
    page.get_by_role("radio", name="退回").check()
    page.get_by_role("button", name="下发意见").click()
    expect(page.locator(".wrong")).to_have_text("退回时请填写原因")
    page.get_by_label("原因（退回时必填）").fill("师资不足")
    with page.expect_navigation():
        page.get_by_role("button", name="下发意见").click()
    page.goto(f"{city.url}/commands")
    expect(page.get_by_role("cell", name="审核意见")).to_be_visible()
    page.get_by_role("link", name="季度抽查").click()
    page.get_by_role("button", name="抽取名单").click()
    page.get_by_role("button", name="抽取", exact=True).click()
    expect(page.get_by_text("签名与复算一致")).to_be_visible()
    page.get_by_role("button", name="登记检查").first.click()
    page.get_by_label("检查情况").first.fill("到场 12 人")
    page.locator("dialog[open]").get_by_role("button", name="保存").click()
    expect(page.get_by_role("cell", name="到场 12 人")).to_be_visible()


def test_a_recording_is_asked_for_and_played_when_it_came(page: Page, city: City, tmp_path: Path) -> None:
    city.person("admin")
    enter(page, city)
    expect(page.get_by_role("heading", name="概览")).to_be_visible()
    page.goto(f"{city.url}/venues/1/lessons/A")
    page.locator("summary").click()
    expect(page.get_by_text("在培训点")).to_have_count(90)
    page.get_by_role("button", name=re.compile("调取录像")).click()
    page.locator("summary").click()
    expect(page.get_by_text("已请求")).to_have_count(90)
    for number in range(2):
        clip = make_clip(tmp_path)
        city.places[0].upload(
            f"A-v{number}", clip, start=at("08:00:00"), lesson="A", kind=MediaKind.RECORDING, mime="video/mp4"
        )
    page.reload()
    page.get_by_role("button", name="播放").first.click()
    video = page.locator("video")
    expect(video).to_have_attribute("src", "/venues/1/media/A-v1", timeout=20_000)  # the second one by itself
    expect(video).to_have_js_property("ended", True, timeout=20_000)  # noqa: FBT003 - a property's value
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").first.click()
    assert download.value.suggested_filename == "A-v0.mp4"
    for shot in page.locator(".shot img").all():
        shot.scroll_into_view_if_needed()
        expect(shot).to_have_js_property("naturalWidth", 640)


def make_clip(folder: Path) -> bytes:
    """One second of a test picture, in what every browser plays."""
    file = folder / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=10:duration=1"]
    command = [program("ffmpeg", package="ffmpeg"), "-v", "error", "-y", *source, "-pix_fmt", "yuv420p", str(file)]
    subprocess.run(command, check=True)
    return file.read_bytes()


def test_a_table_is_checked_ticked_and_sent(page: Page, city: City, tmp_path: Path) -> None:
    city.person("admin")
    enter(page, city)
    expect(page.get_by_role("heading", name="概览")).to_be_visible()
    page.goto(f"{city.url}/venues/1/import")
    file = tmp_path / "名单.csv"
    file.write_text("姓名,身份证号\n王伟,110105194912310021\n")
    page.get_by_label("文件").set_input_files(file)
    page.get_by_role("button", name="检查").click()
    expect(page.locator("#problems")).to_contain_text("第 2 行")
    expect(page.get_by_role("button", name="签名并下发")).to_be_hidden()
    file.write_text("姓名,身份证号\n王伟,11010519491231002X\n")
    page.get_by_label("文件").set_input_files(file)
    page.get_by_role("button", name="检查").click()
    expect(page.locator("#rows")).to_have_text("将下发 13 行")
    page.get_by_role("button", name="签名并下发").click()
    expect(page.get_by_role("heading", name="启航 一号教室")).to_be_visible()
    expect(page.get_by_role("cell", name="名单", exact=True)).to_be_visible()


def test_passwords_and_tokens_are_told_once(page: Page, city: City) -> None:
    city.person("admin")
    enter(page, city)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("button", name="添加账号").click()
    form = page.locator("dialog[open]")
    form.get_by_label("账号").fill("neu")
    form.get_by_label("姓名").fill("新同事")
    form.get_by_role("button", name="保存").click()
    told = page.locator("#told code")
    expect(told).to_have_text(re.compile(r"^\S{12}$"))
    password = told.inner_text()
    page.get_by_role("button", name="知道了").click()
    expect(page.get_by_role("cell", name="新同事")).to_be_visible()
    assert password not in page.content()
    page.get_by_role("link", name="终端证书").click()
    page.get_by_role("button", name="签发接入令牌").click()
    form = page.locator("dialog[open]")
    form.get_by_label("机构").first.fill("xincheng")
    form.get_by_role("button", name="签发").click()
    expect(page.locator("#told code")).to_have_text(
        re.compile("^edge-agent provision --url http://127.0.0.1:[0-9]+ --token ")
    )


def test_commands_fill_in_and_are_refused_where_they_are_wrong(page: Page, city: City) -> None:
    city.person("admin")
    enter(page, city)
    expect(page.get_by_role("heading", name="概览")).to_be_visible()
    page.goto(f"{city.url}/venues/1")
    page.get_by_role("button", name="下发命令").click()
    page.get_by_role("button", name="体检").click()
    expect(page.locator("textarea")).to_have_value('{"command": "doctor"}')
    page.locator("textarea").fill('{"command": "dance"}')
    page.get_by_role("button", name="签名并下发").click()
    expect(page.locator("dialog[open] .wrong")).to_contain_text("dance")
    page.get_by_role("button", name="连通测试").click()
    page.get_by_role("button", name="签名并下发").click()
    expect(page.get_by_role("cell", name="连通测试")).to_be_visible()
    page.get_by_role("cell", name="201 后方").locator("xpath=..").get_by_role("button", name="抓拍").click()
    expect(page.get_by_role("cell", name="立即抓拍")).to_be_visible()
