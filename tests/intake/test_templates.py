"""Templates: what is downloaded is what is read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from pypdf import PdfReader

from edge_agent.intake import columns
from edge_agent.intake.classes import parse_classes
from edge_agent.intake.commit import Draft
from edge_agent.intake.online import parse_online
from edge_agent.intake.roster import parse_roster
from edge_agent.intake.table import Layout
from edge_agent.intake.teachers import parse_teachers
from edge_agent.intake.templates import EXAMPLE_MARK, TEMPLATES
from edge_agent.intake.timetable import parse_timetable
from edge_agent.intake.world import World
from tests.intake.drafts import found
from tests.intake.workbooks import first_sheet, resident_id, saved, trainee, training, world

PARSERS: dict[str, Callable[[bytes, str, World], Draft]] = {
    "roster": parse_roster,
    "timetable": parse_timetable,
    "classes": parse_classes,
    "teachers": parse_teachers,
    "online": parse_online,
}
LAYOUTS = {
    "roster": columns.ROSTER,
    "timetable": columns.TIMETABLE,
    "classes": columns.CLASSES,
    "teachers": columns.TEACHERS,
    "online": columns.ONLINE_HOURS,
}
KNOWN = world(classes=(training(required_periods=2),), trainees=(trainee(1),))
FILLED: dict[str, dict[str, object]] = {
    "roster": {"姓名": "李四", "身份证号码": resident_id(2), "证件类型": "居民身份证", "手机号码": "13800000001"},
    "timetable": {"日期": "2024-10-08", "上课时间": "08:00", "课时": "2", "讲师": "李老师", "教室": "101"},
    "classes": {
        "培训期次ID": "PX9", "班级名称": "九班", "开班时间": "2024-10-08", "结班时间": "2024-10-18", "核定课时": "60",
    },
    "teachers": {"姓名": "李老师", "专职兼职": "专职", "班级": "PX-c1"},
    "online": {"姓名": "王小明", "身份证号码": resident_id(1), "线上课时": "0"},
}  # fmt: skip


def parse(kind: str, data: bytes) -> Draft:
    return PARSERS[kind](data, f"{kind}.xlsx", KNOWN)


def example_row(sheet: Worksheet) -> int:
    return next(row for row in range(1, 20) if sheet.cell(row, 1).value == EXAMPLE_MARK)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_an_empty_template_has_no_rows(kind: str) -> None:
    assert found(parse(kind, TEMPLATES[kind]()), "error") == ["rows_none@0"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_that_was_filled_in_is_read(kind: str) -> None:
    book = load_workbook(BytesIO(TEMPLATES[kind]()))
    sheet = first_sheet(book)
    example = example_row(sheet)
    headings = {str(sheet.cell(example - 1, at).value).strip("*"): at for at in range(2, sheet.max_column + 1)}
    for heading, value in FILLED[kind].items():
        sheet.cell(example + 1, headings[heading], str(value))
    draft = parse(kind, saved(book))
    assert found(draft, "error", "warning") == []


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_column_that_is_read_stands_in_its_template(kind: str) -> None:
    sheet = first_sheet(load_workbook(BytesIO(TEMPLATES[kind]())))
    row = example_row(sheet) - 1
    headings = [str(sheet.cell(row, at).value).strip("*") for at in range(2, sheet.max_column + 1)]
    layout: Layout = LAYOUTS[kind]
    assert headings == [field.heading for field in layout.fields if field.heading in headings]
    assert {field.heading for field in layout.fields} == set(headings)


def test_ids_and_phones_are_text_so_that_excel_keeps_them() -> None:
    sheet = first_sheet(load_workbook(BytesIO(TEMPLATES["roster"]())))
    row = example_row(sheet)
    cells = [sheet.cell(below, column) for below in (row, row + 1, row + 199) for column in (3, 5)]
    assert {cell.number_format for cell in cells} == {"@"}


def test_choices_are_offered() -> None:
    sheet = first_sheet(load_workbook(BytesIO(TEMPLATES["roster"]())))
    (choice,) = sheet.data_validations.dataValidation
    assert "港澳台居民居住证" in str(choice.formula1)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_template_explains_itself(kind: str) -> None:
    guide = load_workbook(BytesIO(TEMPLATES[kind]()))["填写说明"]
    words = {str(row[0]) for row in guide.iter_rows(values_only=True)}
    assert {field.heading for field in LAYOUTS[kind].fields} <= words


def test_a_filled_timetable_prints_across_a4_with_its_headings_on_every_page(tmp_path: Path) -> None:
    book = load_workbook(BytesIO(TEMPLATES["timetable"]()))
    sheet = first_sheet(book)
    example = example_row(sheet)
    for below in range(1, 121):
        for column in range(2, sheet.max_column + 1):
            sheet.cell(example + below, column, sheet.cell(example, column).value)
    (tmp_path / "timetable.xlsx").write_bytes(saved(book))
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    assert soffice is not None, "install.sh test installs libreoffice-calc"
    command = [soffice, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf"]
    subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "timetable.xlsx")], check=True, capture_output=True
    )
    pages = PdfReader(tmp_path / "timetable.pdf").pages
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pages} == {(842, 595)}, "A4, across"
    *tables, guide = (page.extract_text() for page in pages)
    assert len(tables) > 1, "the table is longer than a page"
    assert all(heading in page for page in tables for heading in ("日期", "课程", "类型")), "from first to last column"
    assert "填写说明" in guide, "the second sheet takes one page"


@pytest.mark.parametrize("kind", TEMPLATES)
def test_both_sheets_of_every_template_are_laid_out_for_a4(kind: str) -> None:
    for sheet in load_workbook(BytesIO(TEMPLATES[kind]())).worksheets:
        setup = sheet.page_setup
        assert (setup.paperSize, setup.orientation, setup.fitToHeight) == (9, "landscape", 0)
