"""What is wrong with the keys of a file that a person wrote: the configuration, a policy, cases for `rules replay`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

MOST_NAMED = 10
"""A file of another form altogether has a fault in every line."""

Place = Sequence[int | str]
"""The names that lead to a key."""

# pydantic calls an extra key of a dataclass an unexpected keyword argument
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}

_CHINESE = {
    "json_invalid": "不是有效的 JSON",
    "missing": "缺少此键",
    "int": "应为整数",
    "float": "应为数字",
    "bool": "应为 true 或 false",
    "string": "应为文字",
    "path": "应为路径",
    "literal": "不是可选的值",
    "time_delta": '应写作 "时:分:秒"',
    "timezone": "缺少时区，应写作 2024-10-08T08:00:00+08:00",
    "time": '应写作 "时:分:秒"',
    "datetime": "应写作 2024-10-08T08:00:00+08:00",
    "date": "应写作 2024-10-08",
    "dataclass": "应为一组键",
    "model": "应为一组键",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "应大于 {gt}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "应小于 {lt}",
}
"""What pydantic's kinds of errors begin with."""


def describe(error: ValidationError, keys_at: Callable[[Place], Sequence[str]] = lambda _: ()) -> str:
    """Name the wrong keys, and for one that is unknown the nearest of those that `keys_at` gives beside it."""
    items = error.errors(include_url=False)
    said = [
        _describe(item["type"], item["loc"], item["msg"], item.get("ctx", {}), keys_at) for item in items[:MOST_NAMED]
    ]
    if len(items) > MOST_NAMED:
        said.append(f"另有 {len(items) - MOST_NAMED} 处 / and {len(items) - MOST_NAMED} more")
    return "; ".join(said)


def _describe(
    kind: str, path: Place, message: str, limits: dict[str, Any], keys_at: Callable[[Place], Sequence[str]]
) -> str:
    # attendance[3].taps[0].at: nothing where the file as a whole is wrong
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    where = f"{key}: " if key else ""
    if kind not in _UNKNOWN:
        said = next((chinese for start, chinese in _CHINESE.items() if kind.startswith(start)), "不合要求")
        return f"{where}{said.format(**limits)} / {message}"
    near = get_close_matches(str(path[-1]), keys_at(path[:-1]), n=1)
    return f"{where}未知的键 / unknown key" + (f"，是不是 / did you mean {near[0]}" if near else "")
