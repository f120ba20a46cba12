"""Builds the files of the tests: plain tables, and workbooks laid out as offices lay them out."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from stdnum.cn import ric

from edge_agent.intake.world import World
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.policies import load_policy

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2024, 9, 20, 9, 0, tzinfo=ZONE)
POLICIES = {name: load_policy(name).policy for name in ("jinan-2024", "fixed-clock-daily")}
Cells = Sequence[object]


def resident_id(number: int, born: str = "19900307") -> str:
    """Give a valid resident id; the same number gives the same person."""
    body = f"370102{born}{number:03d}"
    return body + ric.calc_check_digit(f"{body}0")


def workbook(rows: Iterable[Cells], *, merges: Iterable[str] = (), sheet: str = "Sheet1") -> bytes:
    book = Workbook()
    fill(first_sheet(book), rows, merges=merges, title=sheet)
    return saved(book)


def first_sheet(book: Workbook) -> Worksheet:
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def fill(sheet: Worksheet, rows: Iterable[Cells], *, merges: Iterable[str] = (), title: str = "") -> None:
    sheet.title = title or sheet.title
    for row in rows:
        sheet.append(list(row))
    for merge in merges:
        sheet.merge_cells(merge)


def saved(book: Workbook) -> bytes:
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def text(rows: Iterable[Cells], *, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    stream = StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode(encoding)


def repacked(data: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """Write a workbook's parts again, changed; a part changed to None is left out."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in more.items():
            new.writestr(name, content)
    return stream.getvalue()


def with_cached(data: bytes, values: dict[str, str]) -> bytes:
    """Store results beside formulas, as Excel does and openpyxl does not."""

    def change(name: str, content: bytes) -> bytes:
        if not name.startswith("xl/worksheets/"):
            return content
        xml = content.decode()
        for cell, value in values.items():
            xml, count = re.subn(
                rf'(<c r="{cell}"[^>]*?)( t="\w+")?(><f>.*?</f>)<v ?/?>(?:</v>)?', rf'\1 t="str"\3<v>{value}</v>', xml
            )
            assert count == 1, cell
        return xml.encode()

    return repacked(data, change)


def training(identifier: str = "c1", **fields: Any) -> TrainingClass:
    values: dict[str, Any] = {
        "id": identifier,
        "code": f"PX-{identifier}",
        "name": f"育婴员{identifier}期",
        "category": "育婴员",
        "opens": date(2024, 10, 8),
        "closes": date(2024, 10, 31),
        "required_periods": 40,
    }
    return TrainingClass(**(values | fields))


def trainee(number: int, class_id: str = "c1", **fields: Any) -> Trainee:
    values: dict[str, Any] = {
        "id": f"t{number}",
        "class_id": class_id,
        "name": "王小明",
        "document": resident_id(number),
    }
    return Trainee(**(values | fields))


def world(**fields: Any) -> World:
    values: dict[str, Any] = {"now": NOW, "policy": "jinan-2024", "policies": POLICIES}
    return World(**(values | fields))
