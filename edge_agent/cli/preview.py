"""What an import would do, row by row: the table of `edge-agent import ... --dry-run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from edge_agent.intake.summary import rows_of

_CHANGES = {"added": "新增 new", "changed": "更改 changed", "unchanged": "未变 same", "known": "已有 known"}

# Keys of `--json` by what a person reads above them, in the order of the columns.
_HEADINGS = {
    "row": "行\nrow",
    "class": "班级\nclass",
    "code": "培训期次ID\ncode",
    "name": "名称\nname",
    "document": "证件\ndocument",
    "phone": "电话\nphone",
    "date": "日期\ndate",
    "start": "开始\nstart",
    "periods": "课时\nperiods",
    "break_minutes": "课间\nbreak",
    "subject": "课程\nsubject",
    "teacher": "讲师\nteacher",
    "room": "教室\nroom",
    "subgroup": "分组\ngroup",
    "kind": "类型\nkind",
    "category": "培训类别\ncategory",
    "opens": "开班\nopens",
    "closes": "结班\ncloses",
    "required_periods": "核定课时\nrequired",
    "online_periods": "线上课时\nonline",
    "certificate": "证书\ncertificate",
    "full_time": "专职\nfull time",
    "change": "结果\nresult",
}
_USUAL = {"kind": "normal", "break_minutes": 0, "online_periods": 0}
_FLAGS = {True: "是 / yes", False: "否 / no"}


def preview(draft: object) -> Table:
    """Give the rows as read; a column that would say the same usual thing in every row is left out."""
    rows = [_with_change(row) for row in rows_of(draft)["rows"]]
    shown = [key for key in _HEADINGS if any(_telling(key, row.get(key)) for row in rows)]
    if len({row.get("class") for row in rows}) == 1 and "class" in shown:
        shown.remove("class")
    table = Table(*(_HEADINGS[key] for key in shown), title="读到的内容 / as it was read")
    for row in rows:
        table.add_row(*(_text(key, row.get(key)) for key in shown))
    return table


def _with_change(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A list of classes says of each only whether it is new."""
    return {"change": "added" if row["new"] else "known", **row} if "new" in row else row


def _telling(key: str, value: Any) -> bool:
    return value not in (None, "", _USUAL.get(key))


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _FLAGS[value]
    if isinstance(value, float):
        return f"{value:g}"
    text = "" if value is None else str(value)
    return _CHANGES[text] if key == "change" else text
