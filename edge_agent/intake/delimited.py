"""CSV to a sheet: UTF-8, UTF-16 (Excel's "Unicode text") or GB18030, with any usual delimiter."""

from __future__ import annotations

import csv
from io import StringIO
from itertools import islice

from edge_agent.intake.messages import refuse
from edge_agent.intake.sheet import MAX_COLUMNS, Sheet
from edge_agent.intake.values import Value
from edge_agent.intake.workbook import MAX_BLANK_ROWS, MAX_ROWS

_DELIMITERS = ",;\t|，、"
_SAMPLE_LINES = 50


def read_delimited(data: bytes, name: str) -> tuple[Sheet, ...]:
    text = _decode(data)
    if "\0" in text:
        raise refuse("file_kind", kind="binary")
    rows: dict[int, dict[int, Value]] = {}
    blank = 0
    reader = csv.reader(StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            row: dict[int, Value] = {
                column: cell for column, cell in enumerate(cells[:MAX_COLUMNS], start=1) if cell.strip()
            }
            if row:
                rows[number] = row
            else:
                blank += 1
            if len(rows) > MAX_ROWS or blank > MAX_BLANK_ROWS:
                raise refuse("rows_many", limit=MAX_ROWS)
    except csv.Error as error:
        raise refuse("csv_quotes", line=reader.line_num) from error
    return (Sheet(name, rows),)


def _decode(data: bytes) -> str:
    encodings = ["utf-16"] if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse("csv_encoding")


def _delimiter(text: str) -> str:
    """Take the delimiter that cuts the first lines into the widest rows of one width.

    Titles and notes have other widths than the table, so the most frequent width counts, wider winning over narrower.
    """

    def score(delimiter: str) -> tuple[int, int]:
        lines = islice(csv.reader(StringIO(text, newline=""), delimiter=delimiter), _SAMPLE_LINES)
        widths = [len(line) for line in lines if len(line) > 1]
        return max(((widths.count(width) * width, width) for width in set(widths)), default=(0, 0))

    try:
        return max(_DELIMITERS, key=score)
    except csv.Error:
        return ","
