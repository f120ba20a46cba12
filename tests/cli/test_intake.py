"""`edge-agent import` and `edge-agent template`, as an office uses them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from openpyxl import load_workbook
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from edge_agent.cli.main import app
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts
from tests.intake.workbooks import Cells, first_sheet, resident_id, workbook

ROSTER: list[Cells] = [
    ["育婴员一期学员花名册"],
    ["姓名", "身份证号", "手机号"],
    ["王小明", resident_id(1), "13800000001"],
    ["李四", resident_id(2), "13800000002"],
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("EDGE_AGENT_CONFIG", raising=False)
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def save(folder: Path, rows: list[Cells], name: str = "名册.xlsx") -> Path:
    file = folder / name
    file.write_bytes(workbook(rows))
    return file


def kinds(folder: Path) -> list[str]:
    connection = connect(folder / "var" / "edge_agent.db", readonly=True)
    try:
        return [fact.kind for fact in read_facts(connection)]
    finally:
        connection.close()


def test_a_dry_run_needs_no_database_and_makes_none(folder: Path) -> None:
    result = run("import", "roster", save(folder, ROSTER), "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert (answer["ok"], answer["written"]) == (True, None)
    assert [(row["row"], row["name"], row["document"][-4:]) for row in answer["rows"]] == [
        (3, "王小明", resident_id(1)[-4:]),
        (4, "李四", resident_id(2)[-4:]),
    ]
    assert resident_id(1) not in result.stdout
    assert not (folder / "var").exists()


def test_a_dry_run_shows_what_was_read(folder: Path) -> None:
    said = run("import", "roster", save(folder, ROSTER), "--dry-run").stdout
    assert re.search(r"│ 3 +│ 王小明 +│ 370\*+\d{4} +│ 13800000001 +│ 新增 new", said)
    assert "分组" not in said  # a column that says nothing
    assert "检查通过，可以导入；数据未变" in said
    assert max(map(cell_len, re.findall("^[│┃].*", said, re.MULTILINE))) <= 80


def test_a_file_that_can_not_be_read_is_named(folder: Path) -> None:
    file = save(folder, ROSTER)
    file.write_bytes(file.read_bytes()[:1000])
    result = run("import", "roster", file, "--dry-run")
    assert result.exit_code == 2
    assert "✗ 名册.xlsx：文件已损坏" in result.stdout
    assert "  名册.xlsx: The file is damaged" in result.stdout


def test_an_import_needs_a_database(folder: Path) -> None:
    result = run("import", "roster", save(folder, ROSTER))
    assert result.exit_code == 4
    assert "edge-agent migrate" in result.stderr


def test_roster_then_timetable(folder: Path) -> None:
    run("migrate")
    result = run("import", "roster", save(folder, ROSTER))
    assert result.exit_code == 0, result.output
    assert "已导入：新增 2" in result.stdout
    rows: list[Cells] = [["日期", "上课时间", "课时", "讲师", "教室"], ["2099-10-08", "08:00", 4, "李老师", "101"]]
    result = run("import", "timetable", save(folder, rows, "课表.xlsx"), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["written"]["added"] == 2
    assert kinds(folder) == [
        *("epoch.started", "class.saved", "roster.saved", "room.saved", "teachers.saved"),
        *("lesson.saved", "lesson.saved", "timetable.imported"),
    ]


def test_errors_are_shown_in_both_languages_and_nothing_changes(folder: Path) -> None:
    run("migrate")
    before = kinds(folder)
    result = run("import", "roster", save(folder, [*ROSTER, ["赵六", 370102199003071234, None]]))
    assert result.exit_code == 2
    assert "✗ 第 5 行 B 列（身份证号）：末三位已丢失" in result.stdout
    assert "row 5, column B: The last three digits are lost" in result.stdout
    assert kinds(folder) == before


def test_warnings_are_ticked_one_by_one(folder: Path) -> None:
    run("migrate")
    headings: Cells = ["日期", "上课时间", "课时", "班级"]
    file = save(folder, [headings, ["2099-10-08", "22:30", 4, "一班"], ["2099-10-09", "1:30", 2, "一班"]], "课表.xlsx")
    result = run("import", "timetable", file)
    assert result.exit_code == 3
    assert "[--accept past_midnight@2]" in result.stdout
    assert "lesson.saved" not in kinds(folder)
    assert run("import", "timetable", file, "--dry-run", "--accept", "past_midnight@2").exit_code == 3
    ticks = ("--accept", "past_midnight@2", "--accept", "time_night@3")
    assert run("import", "timetable", file, *ticks).exit_code == 0
    assert kinds(folder).count("lesson.saved") == 3


def test_a_file_that_is_not_there(folder: Path) -> None:
    result = run("import", "roster", folder / "nowhere.xlsx")
    assert result.exit_code == 2
    assert "nowhere.xlsx" in result.stderr


def test_a_table_in_an_old_format_is_named(folder: Path) -> None:
    file = folder / "名册.xls"
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"))
    result = run("import", "roster", file, "--dry-run")
    assert result.exit_code == 2
    assert "另存为" in result.stdout


def test_lists_of_classes_teachers_and_online_hours(folder: Path) -> None:
    run("migrate")
    classes: list[Cells] = [
        ["培训期次ID", "班级名称", "开班时间", "结班时间", "核定课时"],
        ["PX1", "育婴员一期", "2099-10-08", "2099-10-18", 40],
    ]
    assert run("import", "classes", save(folder, classes, "班级.xlsx")).exit_code == 0
    assert run("import", "roster", save(folder, ROSTER), "--class", "PX1").exit_code == 0
    teachers: list[Cells] = [["姓名", "专职/兼职"], ["李老师", "专职"]]
    assert run("import", "teachers", save(folder, teachers, "讲师.xlsx")).exit_code == 0
    online: list[Cells] = [["姓名", "身份证号", "线上课时"], ["王小明", resident_id(1), 10]]
    result = run("import", "online", save(folder, online, "线上.xlsx"))
    assert result.exit_code == 0, result.output
    assert kinds(folder)[-2:] == ["online.imported", "roster.saved"]


@pytest.mark.parametrize("kind", ["roster", "timetable", "classes", "teachers", "online"])
def test_templates(folder: Path, kind: str) -> None:
    file = folder / f"{kind}.xlsx"
    written = run("template", kind, file)
    assert written.exit_code == 0
    assert f"edge-agent import {kind} {file}" in written.stdout
    assert first_sheet(load_workbook(file))["A1"].value
    again = run("template", kind, file)
    assert again.exit_code == 2
    assert "文件已存在" in again.stderr


@pytest.mark.parametrize("kind", ["roster", "timetable", "classes", "teachers", "online"])
def test_a_template_as_csv_is_read_again_and_its_example_skipped(folder: Path, kind: str) -> None:
    file = folder / f"{kind}.csv"
    assert run("template", kind, file).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "示例" in file.read_text("utf-8-sig")
    result = run("import", kind, file, "--dry-run")
    assert result.exit_code == 2
    assert "没有数据行" in result.stdout


def test_a_template_is_a_table(folder: Path) -> None:
    result = run("template", "roster", folder / "a.doc")
    assert result.exit_code == 2
    assert ".xlsx" in result.stderr
    assert not (folder / "a.doc").exists()


def test_a_template_that_does_not_exist(folder: Path) -> None:
    result = run("template", "grades", folder / "a.xlsx")
    assert result.exit_code == 2
    assert "roster" in result.stderr
