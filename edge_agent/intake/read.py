"""A file's bytes to the table in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath

from edge_agent.intake.delimited import read_delimited
from edge_agent.intake.formats import Format, recognise
from edge_agent.intake.problems import Place
from edge_agent.intake.report import Report
from edge_agent.intake.table import Layout, Table, find_table
from edge_agent.intake.workbook import read_workbook


@dataclass(frozen=True, slots=True)
class Source:
    """The file as it was handed in; facts name it by its digest."""

    name: str
    sha256: str

    @classmethod
    def of(cls, data: bytes, name: str) -> Source:
        return cls(PurePath(name).name, hashlib.sha256(data).hexdigest())


def open_table(data: bytes, name: str, layout: Layout, report: Report) -> Table:
    """Find the table; raise `FileRefusedError` where there is none to read."""
    form = recognise(data, name)
    sheets = read_workbook(data) if form is Format.XLSX else read_delimited(data, PurePath(name).name)
    table, others = find_table(sheets, layout)
    for sheet in others:
        report.add("sheet_ignored", Place(sheet.name), read=table.sheet.name, ignored=sheet.name)
    for column in table.filled_down():
        report.add(
            "cells_filled", Place(table.sheet.name, table.heading_row, heading=column.heading), heading=column.heading
        )
    return table
