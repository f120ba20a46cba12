"""Finds the table in an office's sheet: below titles and notes, under headings of other names, above the signatures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from edge_agent.intake.messages import refuse
from edge_agent.intake.problems import Place
from edge_agent.intake.sheet import Sheet, letter
from edge_agent.intake.values import Unreadable, Value, fold, read_text

HEADING_ROWS = 30
# One heading alone may be a title's word; two known ones are a table.
FEWEST_HEADINGS = 2

_NOTE = re.compile(r"[(\[【][^)\]】]*[)\]】]|[*:#/、]")
_FOOTER = re.compile(
    r"^(?:合计|总计|共计|小计|备注|附注|注[:：\d]|说明|填表|制表|审核|复核|负责人|经办|联系人[:：]|单位[(（]?盖章|盖章|签[字章]|日期[:：]|第\s*\d+\s*页|total\b|notes?\b)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\s+(?=[^\s:\d][^\s:]*:)")
_EXAMPLE = re.compile(r"^(?:示例|样例|例|example)$", re.IGNORECASE)
_WEEK_GRID = re.compile(r"^(?:星期|周|礼拜)[一二三四五六日天]")
_GRID_DAYS = 3


@dataclass(frozen=True, slots=True)
class Field:
    """A column that is looked for, by any of `names` (parted by `|`); the first stands in templates and messages.

    `down` columns may be merged over several rows, as a date is over a day's lessons; in others a merge hides a value.
    """

    name: str
    names: str
    required: bool = False
    down: bool = False

    @property
    def aliases(self) -> tuple[str, ...]:
        return tuple(self.names.split("|"))

    @property
    def heading(self) -> str:
        return self.aliases[0]


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file, and the labels that may stand above its table (`班级名称：...`)."""

    fields: tuple[Field, ...]
    labels: tuple[Field, ...] = ()

    @cached_property
    def columns(self) -> Mapping[str, Field]:
        return {normal(alias): field for field in self.fields for alias in field.aliases}

    @cached_property
    def label_names(self) -> Mapping[str, str]:
        return {normal(alias): field.name for field in self.labels for alias in field.aliases}

    @cached_property
    def required(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.required)


@dataclass(frozen=True, slots=True)
class Column:
    index: int
    heading: str
    field: Field


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table; `value` raises `Unreadable` where a merge hides what the cell should say."""

    table: Table
    number: int

    def value(self, name: str) -> Value:
        column = self.table.columns.get(name)
        if column is None:
            return None
        merge = self.table.sheet.merge_at(self.number, column.index)
        if merge is None or (merge.top, merge.left) == (self.number, column.index):
            return self.table.sheet.own(self.number, column.index)
        if not column.field.down or merge.left != column.index:
            raise Unreadable("cell_merged", first=f"{letter(merge.left)}{merge.top}")
        return self.table.sheet.value(self.number, column.index)

    def place(self, name: str = "") -> Place:
        column = self.table.columns.get(name)
        if column is None:
            return Place(self.table.sheet.name, self.number)
        return Place(self.table.sheet.name, self.number, letter(column.index), column.heading)


@dataclass(frozen=True)
class Table:
    """`columns` by field name; `above` the labelled values over the table, `titles` its other lines."""

    sheet: Sheet
    columns: Mapping[str, Column]
    heading_row: int
    first: int
    above: Mapping[str, tuple[Place, Value]]
    titles: tuple[str, ...]

    def rows(self) -> Iterator[Row]:
        """Give the rows that say something: no blank or example row, no repeated heading, no totals or signatures."""
        indexes = {column.index for column in self.columns.values()}
        needed = {column.index for column in self.columns.values() if column.field.required}
        ended = False
        for number in sorted(self.sheet.rows):
            if number < self.first:
                continue
            cells = self.sheet.rows[number]
            opening = _text(cells[min(cells)])
            ended = ended or bool(_FOOTER.match(opening))
            if not indexes & cells.keys() or _EXAMPLE.match(opening) or (ended and not needed <= cells.keys()):
                continue
            if any(
                normal(_text(cells.get(column.index))) == normal(column.heading) for column in self.columns.values()
            ):
                continue
            yield Row(self, number)

    def filled_down(self) -> tuple[Column, ...]:
        """Give the columns in which a merged cell speaks for several rows."""
        return tuple(
            column
            for column in self.columns.values()
            if column.field.down
            and any(
                merge.left <= column.index <= merge.right and merge.bottom > merge.top and merge.bottom >= self.first
                for merge in self.sheet.merges
            )
        )


def normal(heading: str) -> str:
    """Give a heading without notes, marks, spaces and case: `*身份证号码（18位）` is 身份证号码."""
    return fold(_NOTE.sub("", unicodedata.normalize("NFKC", heading)))


def _text(value: Value) -> str:
    try:
        return read_text(value)
    except Unreadable:
        return ""


def find_table(sheets: tuple[Sheet, ...], layout: Layout) -> tuple[Table, tuple[Sheet, ...]]:
    """Give the table, and the sheets left aside that hold another one; raise `FileRefusedError` if there is none."""
    found = [heading for sheet in sheets if (heading := _heading(sheet, layout))]
    if not found:
        if any(_is_week_grid(sheet) for sheet in sheets):
            raise refuse("week_grid")
        raise refuse("headings_none", wanted="、".join(field.heading for field in layout.required))
    best = max(found, key=lambda heading: heading.score(layout))
    table = _table(best, layout)
    missing = [field.heading for field in layout.required if field.name not in table.columns]
    if missing:
        place = Place(best.sheet.name, best.row)
        raise refuse("headings_missing", place, missing="、".join(missing))
    others = tuple(
        heading.sheet
        for heading in found
        if heading is not best
        and heading.score(layout)[0] == len(layout.required)
        and any(True for _ in _table(heading, layout).rows())
    )
    return table, others


@dataclass(frozen=True, slots=True)
class _Heading:
    sheet: Sheet
    row: int
    height: int
    columns: tuple[Column, ...]

    def score(self, layout: Layout) -> tuple[int, int]:
        names = {column.field.name for column in self.columns}
        return sum(field.name in names for field in layout.required), len(names)


def _heading(sheet: Sheet, layout: Layout) -> _Heading | None:
    """Headings stand in one row, or in two where 证件 is merged over 类型 and 号码, and 姓名 over both rows."""
    tall = {merge.top for merge in sheet.merges if merge.bottom == merge.top + 1}
    candidates = [
        _Heading(sheet, row, height, _columns(sheet, layout, row, height))
        for row in sorted(sheet.rows)[:HEADING_ROWS]
        for height in ((2, 1) if row in tall else (1,))
    ]
    best = max(candidates, key=lambda heading: heading.score(layout), default=None)
    return best if best and best.score(layout)[1] >= FEWEST_HEADINGS else None


def _columns(sheet: Sheet, layout: Layout, row: int, height: int) -> tuple[Column, ...]:
    columns: list[Column] = []
    indexes = sorted({index for line in range(row, row + height) for index in sheet.rows.get(line, {})})
    for index in indexes:
        top, last = _text(sheet.own(row, index)), _text(sheet.value(row + height - 1, index))
        names = (top,) if height == 1 else (last, _text(sheet.value(row, index)) + last, top)
        for name in names:
            if field := layout.columns.get(normal(name)):
                columns.append(Column(index, " ".join(name.split()).strip("*"), field))
                break
    return tuple(columns)


def _table(heading: _Heading, layout: Layout) -> Table:
    columns: dict[str, Column] = {}
    for column in heading.columns:
        earlier = columns.setdefault(column.field.name, column)
        if earlier is not column:
            place = Place(heading.sheet.name, heading.row, letter(column.index), column.heading)
            raise refuse("heading_twice", place, first=letter(earlier.index), second=letter(column.index))
    above, titles = _above(heading.sheet, heading.row, layout)
    return Table(heading.sheet, columns, heading.row, heading.row + heading.height, above, titles)


def _above(sheet: Sheet, heading_row: int, layout: Layout) -> tuple[dict[str, tuple[Place, Value]], tuple[str, ...]]:
    """Read `label：value` in one cell or in two neighbours; every other line is a title."""
    above: dict[str, tuple[Place, Value]] = {}
    titles: list[str] = []
    for number in sorted(row for row in sheet.rows if row < heading_row):
        label = said = ""
        for index, value in sorted(sheet.rows[number].items()):
            text = _text(value)
            if label:
                above.setdefault(label, (Place(sheet.name, number, letter(index), said), value))
                label = ""
                continue
            for part in _PAIR.split(text):
                name, colon, rest = part.partition(":")
                known = layout.label_names.get(normal(name))
                if known and colon and rest.strip():
                    above.setdefault(known, (Place(sheet.name, number, letter(index), name.strip()), rest.strip()))
                elif known:
                    label, said = known, name.strip()
                else:
                    titles.append(part)
    return above, tuple(titles)


def _is_week_grid(sheet: Sheet) -> bool:
    return any(
        sum(bool(_WEEK_GRID.match(_text(value))) for value in cells.values()) >= _GRID_DAYS
        for cells in sheet.rows.values()
    )
