"""Files that are no table, and files that want to do harm: each is refused by name, early, with what to do."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO

import pytest
from openpyxl import Workbook

from edge_agent.intake import formats
from edge_agent.intake import workbook as reading
from edge_agent.intake.delimited import read_delimited
from edge_agent.intake.formats import Format, recognise
from edge_agent.intake.problems import FileRefusedError
from edge_agent.intake.sheet import Merge, Sheet
from edge_agent.intake.values import Broken
from edge_agent.intake.workbook import read_workbook
from tests.intake.workbooks import fill, repacked, saved, text, with_cached, workbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def stream(name: str) -> bytes:
    """An OLE directory's entry."""
    return name.encode("utf-16-le")


def archive(*names: str) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return made.getvalue()


def read(data: bytes, name: str) -> Sequence[Sheet]:
    return read_workbook(data) if recognise(data, name) is Format.XLSX else read_delimited(data, name)


def refusal(data: bytes, name: str) -> str:
    """The problem's code; every refusal names what to do."""
    with pytest.raises(FileRefusedError) as error:
        read(data, name)
    assert "请" in error.value.problem.zh
    return error.value.problem.code


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"", "a.xlsx", "file_empty"),
        (b" \n", "a.csv", "file_empty"),
        (OLE + stream("Workbook"), "a.xls", "file_old"),
        (OLE + stream("Workbook"), "a.xlsx", "file_old"),
        (OLE + stream("Workbook") + stream("ETExtData"), "a.et", "file_old"),
        (OLE + stream("WordDocument"), "a.wps", "file_old"),
        (OLE + stream("WordDocument"), "a.xls", "file_kind"),
        (OLE + stream("EncryptedPackage"), "a.xlsx", "file_encrypted"),
        (archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "a.xlsm", "file_macros"),
        (archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "a.xlsx", "file_macros"),
        (archive("[Content_Types].xml", "xl/workbook.bin"), "a.xlsb", "file_old"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.docx", "file_kind"),
        (archive("mimetype", "content.xml"), "a.ods", "file_kind"),
        (archive("photo.jpg"), "a.xlsx", "file_kind"),
        (b"PK\x03\x04 torn", "a.xlsx", "file_broken"),
        (b"%PDF-1.7", "a.xlsx", "file_kind"),
        (b"\xff\xd8\xff\xe0", "a.xlsx", "file_kind"),
        (b"<html><table>", "a.xls", "file_markup"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook>", "a.xls", "file_markup"),
        (b"a,b\x00\n1,2", "a.csv", "file_kind"),
        ("姓名,电话\n".encode() + b"\xff\xff", "a.csv", "csv_encoding"),
        ('姓名,电话\n"王'.encode(), "a.csv", "csv_quotes"),
    ],
)
def test_refused(data: bytes, name: str, code: str) -> None:
    assert refusal(data, name) == code


def test_old_formats_are_named() -> None:
    with pytest.raises(FileRefusedError) as error:
        recognise(OLE + stream("Workbook"), "名册.et")
    assert "WPS 表格 (.et)" in error.value.problem.zh
    assert "另存为" in error.value.problem.zh


def test_a_torn_workbook() -> None:
    whole = workbook([["姓名"]] * 50)
    assert refusal(whole[: len(whole) // 2], "a.xlsx") == "file_broken"
    damaged = repacked(whole, lambda name, body: body[:-40] if name.startswith("xl/worksheets/") else body)
    assert refusal(damaged, "a.xlsx") == "file_broken"
    without_styles = repacked(whole, lambda name, body: None if name == "xl/workbook.xml" else body)
    assert refusal(without_styles, "a.xlsx") == "file_broken"


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_BYTES", 100)
    assert refusal(b"a," * 60, "a.csv") == "file_large"


def test_a_workbook_that_unpacks_to_too_much() -> None:
    bomb = repacked(workbook([["姓名"]]), lambda _, body: body, **{"xl/sharedStrings2.xml": b" " * 40_000_000})
    assert len(bomb) < 100_000
    assert refusal(bomb, "a.xlsx") == "file_bomb"
    crowded = repacked(workbook([["姓名"]]), lambda _, body: body, **{f"xl/x{i}": b"" for i in range(2_001)})
    assert refusal(crowded, "a.xlsx") == "file_bomb"


def test_a_sheet_of_one_endless_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ELEMENTS", 100)
    assert refusal(rows_xml(f'<row r="2">{"<c/>" * 200}</row>'), "a.xlsx") == "file_bomb"


def test_the_strict_kind_of_workbook_is_named() -> None:
    strict = repacked(
        workbook([["姓名"]]),
        lambda _, body: body.replace(
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
            b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        ),
    )
    assert refusal(strict, "a.xlsx") == "file_strict"


def test_entities_do_not_grow() -> None:
    def lace(name: str, body: bytes) -> bytes:
        if not name.startswith("xl/worksheets/"):
            return body
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
        return laughs + body.replace(b"</sheetData>", b"&b;</sheetData>")

    assert refusal(repacked(workbook([["姓名"]]), lace), "a.xlsx") == "file_broken"


def rows_xml(rows: str) -> bytes:
    """A workbook whose sheet has these rows, without building them cell by cell."""
    return repacked(
        workbook([["姓名"]]),
        lambda name, body: (
            body.replace(b"</sheetData>", rows.encode() + b"</sheetData>")
            if name.startswith("xl/worksheets/")
            else body
        ),
    )


def test_a_hundred_thousand_rows_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(reading, "ExcelReader")
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>王</t></is></c></row>' for n in range(2, 100_002))
    assert refusal(rows_xml(rows), "a.xlsx") == "rows_many"
    assert refusal(text([["姓名"]] * 100_000), "a.csv") == "rows_many"


def test_blank_rows_with_a_format_are_borne_to_a_limit() -> None:
    few = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 6_000))
    assert len(read_workbook(rows_xml(few))[0].rows) == 1
    many = "".join(f'<row r="{n}"><c r="A{n}" s="0"/></row>' for n in range(2, 50_100))
    assert refusal(rows_xml(many), "a.xlsx") == "rows_many"


def test_a_row_beyond_the_last_is_refused() -> None:
    assert refusal(rows_xml('<row r="999999999"><c r="A999999999"><v>1</v></c></row>'), "a.xlsx") == "file_broken"


def test_a_merge_over_everything_costs_nothing() -> None:
    vast = repacked(
        workbook([["标题"], ["姓名"]], merges=["C1:D1"]), lambda _, body: body.replace(b"C1:D1", b"C1:XFD1048576")
    )
    (sheet,) = read_workbook(vast)
    assert sheet.merge_at(2, 50) == Merge(3, 1, 16_384, 1_048_576)


def test_formulas_give_their_stored_results() -> None:
    data = with_cached(workbook([["=A2&1", "=B2"], ["王", 3]]), {"A1": "王1"})
    (sheet,) = read_workbook(data)
    assert sheet.own(1, 1) == "王1"
    assert sheet.own(1, 2) == Broken("formula_uncalculated", "=B2")


def test_errors_of_formulas_are_told() -> None:
    (sheet,) = read_workbook(workbook([["#N/A"]]))
    assert sheet.own(1, 1) == Broken("cell_error", "#N/A")


def test_hidden_sheets_are_not_read() -> None:
    book = Workbook()
    fill(book.worksheets[0], [["姓名"]], title="名册")
    book.create_sheet("选项").sheet_state = "hidden"
    assert [sheet.name for sheet in read_workbook(saved(book))] == ["名册"]


def test_a_wrong_size_is_not_believed() -> None:
    shrunk = repacked(
        workbook([["姓名", "电话"], ["王", "1"]]), lambda _, body: body.replace(b'ref="A1:B2"', b'ref="A1"')
    )
    assert read_workbook(shrunk)[0].own(2, 2) == "1"


def cells(sheets: Sequence[Sheet]) -> list[list[object]]:
    (sheet,) = sheets
    return [list(row.values()) for row in sheet.rows.values()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，"])
def test_delimited_text(encoding: str, delimiter: str) -> None:
    rows = [["学员名册"], ["姓名", "身份证号", "备注"], ["王小明", "1", "甲, 乙; 丙"], ["\U00020bb7田", "2", "两\n行"]]
    data = text(rows, encoding=encoding, delimiter=delimiter)
    assert cells(read_delimited(data, "名册.csv")) == rows
