"""Tables as XLSX, for Excel, WPS and LibreOffice."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from math import ceil

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from edge_agent.evidence.tables import Cell as Value
from edge_agent.evidence.tables import Table

_HEAD = PatternFill("solid", fgColor="DCE6F1")
_BAD = PatternFill("solid", fgColor="FDE2E1")
_SIDE = Side(style="thin", color="B0B7C3")
_BORDER = Border(left=_SIDE, right=_SIDE, top=_SIDE, bottom=_SIDE)
_WRAPPED = Alignment(vertical="center", wrap_text=True)
_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\]")
_WIDEST = 60
_LINE = 15.0  # points


def write_workbook(tables: Iterable[Table]) -> bytes:
    """Give a workbook with a sheet a table; sheets of the same name are numbered."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables:
        # openpyxl numbers a name that is taken already
        _write(book.create_sheet(_NOT_IN_A_NAME.sub("-", table.name)[:28]), table)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write(sheet: Worksheet, table: Table) -> None:
    sheet.append([table.title])
    sheet.cell(1, 1).font = Font(bold=True, size=14)
    for note in table.notes:
        sheet.append([note])
    head = sheet.max_row + 1
    for column, name in enumerate(table.columns, 1):
        cell = _put(sheet, head, column, name)
        cell.font, cell.fill = Font(bold=True), _HEAD
    for index, row in enumerate(table.rows):
        for column, value in enumerate(row, 1):
            cell = _put(sheet, head + 1 + index, column, value)
            if index in table.bad:
                cell.fill = _BAD
    widths = _widths(table)
    for index, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    for index, row in enumerate(table.rows):
        # Programs measure a wrapped row anew only when somebody edits it.
        lines = max(ceil(_width(value) / (width - 1)) for value, width in zip(row, widths, strict=True))
        if lines > 1:
            sheet.row_dimensions[head + 1 + index].height = _LINE * lines
    sheet.freeze_panes = f"A{head + 1}"
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{head}:{head}"


def _put(sheet: Worksheet, row: int, column: int, value: Value) -> Cell:
    cell = sheet.cell(row, column, value)
    if isinstance(value, str):
        # Names come from imported files: a leading = would be run as a formula; an id of 18 digits stays text.
        cell.data_type, cell.number_format = "s", "@"
    cell.border = _BORDER
    cell.alignment = _WRAPPED
    return cell


def _widths(table: Table) -> list[float]:
    found = []
    for index, column in enumerate(table.columns):
        longest = max([_width(column), *(_width(row[index]) for row in table.rows)])
        found.append(min(_WIDEST, longest + 2.0))
    return found


def _width(value: Value) -> float:
    """Count a Chinese character as two of the width's units."""
    return sum(2.0 if ord(character) > 0x2E80 else 1.0 for character in str("" if value is None else value))  # noqa: PLR2004 - CJK begins there
