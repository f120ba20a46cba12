"""A row that a person fills into a form: a table of one row, read and judged as those of files are."""

from __future__ import annotations

from collections.abc import Mapping

from edge_agent.intake.columns import (
    BREAK,
    DATE,
    DOCUMENT,
    DOCUMENT_TYPE,
    KIND,
    NAME,
    PERIODS,
    PHONE,
    ROOM,
    SUBGROUP,
    SUBJECT,
    TEACHER,
    TIME,
)
from edge_agent.intake.problems import Problem
from edge_agent.intake.sheet import Sheet
from edge_agent.intake.table import Column, Field, Row, Table
from edge_agent.intake.values import Value

Fields = Mapping[str, Field]
"""The columns by the names that a form gives them."""

LESSON: Fields = {
    "date": DATE,
    "start": TIME,
    "periods": PERIODS,
    "break_minutes": BREAK,
    "subject": SUBJECT,
    "teacher": TEACHER,
    "room": ROOM,
    "subgroup": SUBGROUP,
    "kind": KIND,
}
TRAINEE: Fields = {
    "name": NAME,
    "document": DOCUMENT,
    "document_type": DOCUMENT_TYPE,
    "phone": PHONE,
    "subgroup": SUBGROUP,
}
_NUMBER = 1


def row_of(fields: Fields, values: Mapping[str, Value]) -> Row:
    """Give the only row of a table with these columns."""
    columns = {field.name: Column(index, field.heading, field) for index, field in enumerate(fields.values(), start=1)}
    cells = {columns[fields[name].name].index: value for name, value in values.items() if value not in {None, ""}}
    table = Table(Sheet("", {_NUMBER: cells}), columns, heading_row=0, first=_NUMBER, above={}, titles=())
    return Row(table, _NUMBER)


def field_of(fields: Fields, problem: Problem) -> str:
    """Name the form's field in which a problem lies; empty for the row as a whole."""
    return next((name for name, field in fields.items() if problem.heading == field.heading), "")
