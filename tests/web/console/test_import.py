"""批量导入: a template, a dry run with errors by row, warnings to tick, and the same file for good."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from edge_agent.store import training
from tests.intake.workbooks import resident_id
from tests.venue import reading
from tests.web.conftest import House

KINDS = ("roster", "timetable", "classes", "teachers", "online")


@pytest.mark.parametrize("kind", KINDS)
def test_each_template_is_a_workbook(office: Page, kind: str) -> None:
    office.goto(f"/console/import?kind={kind}")
    with office.expect_download() as kept:
        office.get_by_role("link", name="下载模板").click()
    assert kept.value.suggested_filename == f"{kind}.xlsx"
    sheet = openpyxl.load_workbook(io.BytesIO(kept.value.path().read_bytes())).worksheets[0]
    assert sheet.max_column >= 2


def roster(folder: Path, *rows: str) -> Path:
    file = folder / "名册.csv"
    file.write_text("\n".join(["姓名,身份证号,手机号", *rows]), encoding="utf-8")
    return file


def test_a_roster_is_checked_and_then_written(office: Page, venue: House, tmp_path: Path) -> None:
    office.goto("/console/import?kind=roster&class_id=c1")
    office.locator("input[type=file]").set_input_files(
        roster(tmp_path, f"赵六,{resident_id(7)},13900000007", "<b>钱七</b>,123,13900000008")
    )
    office.get_by_role("button", name="检查文件").click()
    report = office.locator("#report")
    expect(report).to_contain_text("有错误")
    expect(report.locator(".note.bad").first).to_contain_text("第 3 行")
    expect(report.locator(".note.bad", has_text="“<b>钱七</b>”不像姓名")).to_be_visible()
    expect(office.get_by_role("button", name="确认导入")).to_be_hidden()
    office.locator("input[type=file]").set_input_files(roster(tmp_path, f"赵六,{resident_id(7)},13900000007"))
    office.get_by_role("button", name="检查文件").click()
    expect(report).not_to_contain_text("有错误")
    for box in report.locator("input[type=checkbox]").all():
        box.check()
    with reading(venue.venue.database) as connection:
        assert len(training.list_trainees(connection, "c1")) == 2, "a dry run writes nothing"
    office.get_by_role("button", name="确认导入").click()
    expect(report).to_contain_text("新增 1")
    with reading(venue.venue.database) as connection:
        assert "赵六" in {each.name for each in training.list_trainees(connection, "c1")}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"\x00\xff" * 300])
def test_a_file_that_is_no_table_changes_nothing(office: Page, venue: House, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "名册.xlsx"
    file.write_bytes(content)
    office.goto("/console/import?kind=roster&class_id=c1")
    office.locator("input[type=file]").set_input_files(file)
    office.get_by_role("button", name="检查文件").click()
    told = office.locator("#import .wrong:not(:empty), #problems .note.bad").first
    expect(told).to_be_visible()
    with reading(venue.venue.database) as connection:
        assert len(training.list_trainees(connection, "c1")) == 2
