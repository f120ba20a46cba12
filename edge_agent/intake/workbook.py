"""XLSX to sheets: values only, streamed, never more than `MAX_ROWS` rows.

A first pass over the bare XML counts rows, so that a workbook of 100,000 is refused before openpyxl reads a string of
it, and collects what openpyxl's streaming reader doesn't tell: merged ranges, and formulas saved without a value.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import IO, cast
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import iterparse
from openpyxl import Workbook
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import coordinate_to_tuple
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.xml.constants import SHEET_MAIN_NS

from edge_agent.intake.messages import refuse
from edge_agent.intake.moments import EPOCH_1900, EPOCH_1904
from edge_agent.intake.problems import FileRefusedError
from edge_agent.intake.sheet import MAX_COLUMNS, Merge, Sheet
from edge_agent.intake.values import Broken, Value

MAX_ROWS = 5_000
# Rows that hold nothing but a format, which a stray Ctrl+Shift+End leaves behind.
MAX_BLANK_ROWS = 50_000
MAX_MERGES = 20_000
LAST_ROW = 1_048_576
# Elements of one sheet's XML: 5,000 rows of 100 full cells have half as many. Each stays in memory while its row lasts.
MAX_ELEMENTS = 3_000_000

_CELL, _FORMULA, _VALUE, _INLINE, _ROW, _MERGE = (
    f"{{{SHEET_MAIN_NS}}}{tag}" for tag in ("c", "f", "v", "is", "row", "mergeCell")
)


@dataclass
class _Scan:
    """What the first pass over one sheet's XML finds."""

    merges: list[Merge] = field(default_factory=list)
    uncalculated: dict[tuple[int, int], str] = field(default_factory=dict)
    _rows: int = 0
    _blank: int = 0
    _filled: bool = False

    def read(self, stream: IO[bytes]) -> _Scan:
        row = elements = 0
        for event, element in iterparse(stream, events=("start", "end")):
            if event == "start":
                elements += 1
                if elements > MAX_ELEMENTS:
                    raise refuse("file_bomb")
                if element.tag == _ROW and (row := int(element.get("r") or row + 1)) > LAST_ROW:
                    raise refuse("file_broken")
                continue
            if element.tag == _CELL:
                self._cell(element)
            elif element.tag == _ROW:
                self._row_ends()
            elif element.tag == _MERGE:
                self._merge(element)
            else:
                continue  # a cell's parts are read with the cell
            element.clear()
        return self

    def _cell(self, cell: Element) -> None:
        formula, value = cell.find(_FORMULA), cell.findtext(_VALUE)
        # An empty text is a formula's lawful result; an empty number is one that was never calculated.
        if formula is not None and not value and cell.get("t") != "str" and cell.get("r"):
            self.uncalculated[coordinate_to_tuple(cell.get("r", ""))] = f"={formula.text or ''}"[:60]
        self._filled |= bool(value) or formula is not None or cell.find(_INLINE) is not None

    def _row_ends(self) -> None:
        self._rows, self._blank = self._rows + self._filled, self._blank + (not self._filled)
        self._filled = False
        if self._rows > MAX_ROWS or self._blank > MAX_BLANK_ROWS:
            raise refuse("rows_many", limit=MAX_ROWS)

    def _merge(self, merge: Element) -> None:
        self.merges.append(Merge.parse(merge.get("ref", "")))
        if len(self.merges) > MAX_MERGES:
            raise refuse("file_bomb")


def read_workbook(data: bytes) -> tuple[Sheet, ...]:
    """Give the visible sheets that hold anything, the one on top when it was saved first."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
            scans = {name: _Scan().read(archive.open(name)) for name in names}
        return _read(data, scans)
    except FileRefusedError:
        raise
    except Exception as error:  # a damaged workbook raises whatever zlib, expat or openpyxl met first
        raise refuse("file_broken") from error


def _read(data: bytes, scans: dict[str, _Scan]) -> tuple[Sheet, ...]:
    with warnings.catch_warnings():
        # openpyxl warns of every drawing and validation that it leaves out; none of them is wanted here.
        warnings.simplefilter("ignore")
        reader = ExcelReader(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        reader.read()
        workbook: Workbook = reader.wb
        paths = {sheet.name: rel.target for sheet, rel in reader.parser.find_sheets()}
        epoch = EPOCH_1904 if workbook.epoch == CALENDAR_MAC_1904 else EPOCH_1900
        shown = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        try:
            return tuple(
                Sheet(sheet.title, _values(sheet, scan.uncalculated), tuple(scan.merges), epoch)
                for sheet in shown
                if (scan := scans.get(paths[sheet.title]))
            )
        finally:
            workbook.close()


def _values(sheet: ReadOnlyWorksheet, uncalculated: Mapping[tuple[int, int], str]) -> dict[int, dict[int, Value]]:
    # Some programs write a wrong size into the sheet, and openpyxl would believe it.
    sheet.reset_dimensions()
    rows: dict[int, dict[int, Value]] = {}
    # Its type says that a Worksheet's method does not fit it, which openpyxl itself lends it.
    for number, cells in enumerate(cast("Worksheet", sheet).iter_rows(max_col=MAX_COLUMNS), start=1):
        row: dict[int, Value] = {}
        for column, cell in enumerate(cells, start=1):
            if text := uncalculated.get((number, column)):
                row[column] = Broken("formula_uncalculated", text)
            elif cell.data_type == "e":
                row[column] = Broken("cell_error", str(cell.value))
            elif cell.value is not None and not (isinstance(cell.value, str) and not cell.value.strip()):
                row[column] = _plain(cell.value)
        if row:
            rows[number] = row
    return rows


def _plain(value: object) -> Value:
    if isinstance(value, str | int | float | datetime | date | time | timedelta):
        return value
    return str(value)
