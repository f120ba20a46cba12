"""What is wrong with the keys of a file that a person wrote: the configuration, or a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

Place = Sequence[int | str]
"""The names that lead to a key."""

# pydantic calls an extra key of a dataclass an unexpected keyword argument
_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}

_CHINESE = {
    "missing": "缺少此键",
    "int": "应为整数",
    "float": "应为数字",
    "bool": "应为 true 或 false",
    "string": "应为文字",
    "path": "应为路径",
    "literal": "不是可选的值",
    "time_delta": '应写作 "时:分:秒"',
    "time": '应写作 "时:分:秒"',
    "dataclass": "应为一组键",
    "model": "应为一组键",
    "greater_than_equal": "不能小于 {ge}",
    "greater_than": "应大于 {gt}",
    "less_than_equal": "不能大于 {le}",
    "less_than": "应小于 {lt}",
}
"""What pydantic's kinds of errors begin with."""


def describe(error: ValidationError, keys_at: Callable[[Place], Sequence[str]]) -> str:
    """Name every wrong key, and for one that is unknown the nearest of those that `keys_at` gives beside it."""
    return "; ".join(
        _describe(item["type"], item["loc"], item["msg"], item.get("ctx", {}), keys_at) for item in error.errors()
    )


def _describe(
    kind: str, path: Place, message: str, limits: dict[str, Any], keys_at: Callable[[Place], Sequence[str]]
) -> str:
    key = ".".join(str(part) for part in path)
    if kind not in _UNKNOWN:
        said = next((chinese for start, chinese in _CHINESE.items() if kind.startswith(start)), "不合要求")
        return f"{key}: {said.format(**limits)} / {message}"
    near = get_close_matches(str(path[-1]), keys_at(path[:-1]), n=1)
    return f"{key}: 未知的键 / unknown key" + (f"，是不是 / did you mean {near[0]}" if near else "")
