"""系统: the support bundle, the log to download, rooms, kiosks with their codes, the assessment, the clock."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from edge_agent.clock import SettableClock
from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.media import MediaKind
from edge_agent.model.stamp import Trust
from edge_agent.serve.agent import Agent
from edge_agent.serve.errands import Errands
from edge_agent.serve.examination import Examiner
from edge_agent.settings import Settings, Store
from edge_agent.store import law
from edge_agent.store.facts import read_facts
from edge_agent.store.files import Ballast
from edge_agent.store.uploads import Wanted, next_upload
from edge_agent.web.api.support import SUPPORT_BUNDLE
from tests.venue import reading
from tests.web.conftest import HASHED, House

NAMES = ("王小明", "李秀英", "育婴员", "370102199001011234", "李老师", HASHED)


def work(house: House, folder: Path) -> None:
    """What `upkeep` does at its next tick."""
    settings = Settings(store=Store(data_dir=folder))
    clock = house.venue.clock
    assert isinstance(clock, SettableClock)
    agent = Agent(settings, clock, house.venue.writer, house.site.files, Ballast(folder / "ballast", 0))
    errands = Errands(agent.writer, {SUPPORT_BUNDLE: Examiner(agent).support_bundle})
    with reading(house.venue.database) as connection:
        errands.tick(connection)
        errands.close()


def test_a_support_bundle_is_asked_for_and_taken(office: Page, venue: House, tmp_path: Path) -> None:
    office.goto("/console/system")
    expect(office.locator("#bundles")).to_contain_text("还没有支持包")
    office.get_by_role("button", name="生成支持包").click()
    expect(office.locator("#bundles")).to_contain_text("正在生成")
    expect(office.locator("#bundles progress")).to_be_visible()
    work(venue, tmp_path)
    link = office.locator("#bundles").get_by_role("link", name="下载支持包")
    with office.expect_download() as kept:
        link.click()
    assert re.fullmatch(r"support-.+\.zip", kept.value.suggested_filename)
    with zipfile.ZipFile(kept.value.path()) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
        told = json.loads(archive.read("doctor.json"))
    assert told["checks"]
    for secret in (*NAMES, str(tmp_path)):
        assert secret.encode() not in content, secret
    with reading(venue.venue.database) as connection:
        wanted = [Wanted(MediaKind.SUPPORT, all=False)]
        assert next_upload(connection, wanted, venue.venue.clock.stamp().wall) is None, "nothing is sent by itself"


def test_a_bundle_that_nobody_makes_says_so(office: Page, venue: House) -> None:
    office.goto("/console/system")
    office.get_by_role("button", name="生成支持包").click()
    expect(office.locator("#bundles")).to_contain_text("正在生成")
    venue.venue.clock.advance(31 * 60)
    office.reload()
    expect(office.locator("#bundles")).to_contain_text("请检查维护服务")


def test_the_log_is_taken_without_secrets(office: Page) -> None:
    office.goto("/console/system")
    with office.expect_download() as kept:
        office.get_by_role("link", name="下载日志").click()
    text = kept.value.path().read_text("utf-8-sig")
    head, *rows = csv.reader(text.splitlines())
    assert head == ["时间", "编号", "类型", "操作人"]
    assert {"登录", "账号变更"} <= {row[2] for row in rows}
    for secret in NAMES:
        assert secret not in text, secret


def test_rooms_and_kiosks(office: Page) -> None:
    office.goto("/console/system")
    office.get_by_label("教室名称").fill("<b>303</b>")
    office.get_by_role("button", name="添加", exact=True).click()
    expect(office.locator("li", has_text="<b>303</b>")).to_be_visible()
    office.locator("#kiosks").get_by_label("名称").fill("门口")
    office.get_by_role("button", name="添加终端").click()
    expect(office.locator("#code .pin")).to_have_text(re.compile(r"^\d{8}$"))
    office.reload()
    expect(office.locator("#code")).to_be_hidden()
    office.on("dialog", lambda dialog: dialog.accept())
    office.locator("#kiosks li", has_text="门口").get_by_role("button", name="移除").click()
    expect(office.locator("#kiosks")).to_contain_text("还没有打卡终端")


def test_the_assessment_is_registered_and_ended(office: Page, venue: House) -> None:
    office.goto("/console/system")
    office.get_by_label("评估编号").fill("PIA-2024-01")
    office.get_by_role("button", name="登记").click()
    expect(office.get_by_text("已登记：PIA-2024-01")).to_be_visible()
    office.get_by_label("评估编号").fill("")
    office.get_by_role("button", name="登记").click()
    expect(office.get_by_text("不启用人脸识别")).to_be_visible()
    with reading(venue.venue.database) as connection:
        assert law.registered(connection, configured="") == ""


def test_an_administrator_says_what_time_it_is(office: Page, venue: House) -> None:
    """Where no network does: what waited for the time is judged by it."""
    clock = venue.venue.clock
    assert isinstance(clock, SettableClock)
    clock.trust = Trust.UNTRUSTED
    office.goto("/console/system")
    expect(office.locator("main")).to_contain_text("时间未校准")
    office.locator("#time [type=datetime-local]").fill("2024-10-08T10:05:00")
    office.get_by_role("button", name="确认时间").click()
    expect(office.locator("tbody tr").filter(has_text="时间确认").first).to_contain_text("张主任")
    with reading(venue.venue.database) as connection:
        [anchored] = read_facts(connection, kinds=(ClockAnchor.KIND,))
    assert (anchored.data["source"], anchored.data["offset"]) == ("administrator", 300)
    assert [opinion.split()[0] for opinion in anchored.data["opinions"]] == ["browser"]
