"""Single cells: text, names, numbers and phone numbers as people type them.

Every reader here takes what a cell holds and gives a plain value, or raises `Unreadable` with the code of a message.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Broken:
    """A cell that has no value to read: a formula that was never calculated, or one that failed (`#N/A`)."""

    code: str
    text: str


Value = str | int | float | bool | datetime | date | time | timedelta | Broken | None

# What Excel shows, pastes or needs and nobody means: zero-width characters, byte order marks, soft hyphens.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0b-\x1f\x7f]")
# Exporters write ="3701..." or '3701... so that Excel keeps an id as text.
_TEXT_FORMULA = re.compile(r'^="(.*)"$', re.DOTALL)
_SCIENTIFIC = re.compile(r"^\d(?:\.\d+)?[Ee]\+?\d{1,3}$")
_HAN = r"\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_GAP_IN_HAN = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅●.。", "·"))
_NAME = re.compile(rf"^[{_HAN}\ue000-\uf8ff\U000f0000-\U0010ffff〇A-Za-zÀ-ɏ·' -]+$")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff\ufffd]")
_NUMBER = re.compile(
    r"^(\d+(?:\.\d+)?)\s*(?:个|节|课时|学时|小时|分钟|人|periods?|hours?|minutes?|min|h)*$", re.IGNORECASE
)
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_LANDLINE = re.compile(r"^0\d{9,11}$")
_YES = frozenset(
    {"是", "有", "专职", "全职", "专职教师", "yes", "y", "true", "1", "√", "✓", "✔", "full-time", "full time"}
)
_NO = frozenset({"否", "无", "兼职", "兼职教师", "外聘", "no", "n", "false", "0", "×", "✗", "part-time", "part time"})
NAME_LIMIT = 50
TEXT_LIMIT = 200


class Unreadable(Exception):  # noqa: N818 - it never leaves the package: the table's row turns it into a Problem
    """A cell can't be taken; `code` is a key of `messages.MESSAGES`, `params` fill its texts."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def read_text(value: Value, limit: int = TEXT_LIMIT) -> str:
    """Give the text of a cell, full-width forms made half-width, invisible characters and outer spaces gone."""
    if isinstance(value, Broken):
        raise Unreadable(value.code, text=value.text)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    text = value if isinstance(value, str) else str(value)
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()
    if quoted := _TEXT_FORMULA.match(text):
        text = quoted[1].strip()
    text = re.sub(r"[ \t]+", " ", text.removeprefix("'"))
    if len(text) > limit:
        raise Unreadable("text_long", limit=limit, length=len(text))
    return text


def fold(text: str) -> str:
    """Give what two spellings of one name have in common: width, case and spaces don't count."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()


def read_name(value: Value) -> str:
    """Give a person's name: `王　明` is 王明, the dot of 买买提·艾力 is always U+00B7."""
    name = _GAP_IN_HAN.sub("", re.sub(r"\s+", " ", read_text(value))).translate(_DOTS)
    if len(name) > NAME_LIMIT or not _NAME.match(name):
        raise Unreadable("name_odd", text=name[:NAME_LIMIT])
    return name


def has_private_character(name: str) -> bool:
    """Tell whether a rare character was stored as a private code, which other computers show as something else."""
    return bool(_PRIVATE.search(name))


def is_scientific(text: str) -> bool:
    return bool(_SCIENTIFIC.match(text))


def read_number(value: Value) -> float:
    """Give a number that is not negative; `2课时` is 2."""
    if isinstance(value, bool):
        raise Unreadable("number_bad", text=read_text(value))
    if isinstance(value, int | float):
        if not 0 <= value < float("inf"):
            raise Unreadable("number_bad", text=str(value))
        return float(value)
    text = read_text(value)
    found = _NUMBER.match(text)
    if found is None:
        raise Unreadable("number_bad", text=text)
    return float(found[1])


def read_count(value: Value, *, low: int, high: int) -> int:
    number = read_number(value)
    if not number.is_integer():
        raise Unreadable("number_whole", text=read_text(value))
    if not low <= number <= high:
        raise Unreadable("number_range", text=read_text(value), low=low, high=high)
    return int(number)


def read_flag(value: Value) -> bool:
    text = read_text(value).lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Unreadable("flag_bad", text=text)


def read_phone(value: Value) -> str:
    """Give the digits of a mainland mobile or landline number, without +86."""
    text = re.sub(r"[\s()\-]", "", read_text(value))
    if is_scientific(text):
        raise Unreadable("phone_lost")
    text = re.sub(r"^(?:\+86|0086|86(?=1\d{10}$))", "", text)
    if not _MOBILE.match(text) and not _LANDLINE.match(text):
        raise Unreadable("phone_bad", length=len(text))
    return text
