"""Dates and times of day as offices write them: text, Excel's serial numbers, ranges.

Serial numbers count days from the workbook's epoch (1899-12-30, or 1904-01-01 in files that began on a Mac).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from edge_agent.intake.values import Unreadable, Value, read_text

EPOCH_1900 = date(1899, 12, 30)
EPOCH_1904 = date(1904, 1, 1)
# 2009 to 2064 in both epochs: what a date of a training course can be, and no year or period count is.
SERIALS = range(40_000, 60_001)
COMPACT = range(20_000_101, 21_000_101)
NOON = 12
# 中午1:30 is 13:30, 中午11:30 is not 23:30.
LATEST_MIDDAY = 3

_WEEKDAY = re.compile(r"[\s(\[]*(?:星期|礼拜|周)([一二三四五六日天])[)\]]*")
_WEEKDAYS = "一二三四五六日"
_ISO = re.compile(r"^(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?$")
_SHORT_YEAR = re.compile(r"^(\d{2})\s*[年.-]\s*(\d{1,2})\s*[月.-]\s*(\d{1,2})\s*[日号]?$")
_NO_YEAR = re.compile(r"^(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*[日号]?$")
_YEAR_LAST = re.compile(r"^(\d{1,2})[./-](\d{1,2})[./-](\d{4})$")
_RANGE = re.compile(r"\d\s*[日号]?\s*(?:至|到|~|—|–)\s*\d|[日号]\s*-\s*\d|\d[./]\d+\s*-\s*\d+[./]\d")
_MOMENT = re.compile(
    r"^(\d{4}\s*[年./-]\s*\d{1,2}\s*[月./-]\s*\d{1,2}\s*[日号]?|\d{1,2}月\d{1,2}[日号]?)\s*[(\[]?((?:星期|周)[一二三四五六日天])?[)\]]?\s*"
)
_HAN_NUMBER = re.compile(r"[〇零一二三四五六七八九十]+")
_HAN_DIGITS = {char: str(i) for i, char in enumerate("〇一二三四五六七八九")} | {"零": "0"}

_PART_OF_DAY = r"(?:凌晨|清晨|早上|早晨|早|上午|中午|午间|下午|午后|傍晚|晚上|晚间|晚|夜间|am|pm|a\.m\.|p\.m\.)"
_TIME = re.compile(
    rf"(?P<part>{_PART_OF_DAY})?\s*(?<!\d)(?P<hour>\d{{1,2}})\s*"
    r"(?:[:.]\s*(?P<minute>\d{2})(?!\d)|[时点]\s*(?P<said>\d{1,2}|半)?\s*分?)(?::(?P<second>\d{2}))?\s*(?P<after>am|pm)?"
)
# 第1-2节 8:00-9:30: the periods' numbers in the day say nothing that the times don't.
_PERIOD_NUMBERS = re.compile(r"第?\s*\d{1,2}\s*(?:[-~、至]\s*\d{1,2}\s*)?节课?")
_BARE = re.compile(r"^(\d{1,2})(\d{2})$")
_TO = re.compile(r"^\s*(?:-{1,2}|—{1,2}|–|~{1,2}|―|至|到)\s*$")
_AFTERNOON = frozenset({"下午", "午后", "傍晚", "晚上", "晚间", "晚", "夜间", "pm", "p.m."})
_MIDDAY = frozenset({"中午", "午间"})


@dataclass(frozen=True, slots=True)
class ReadDate:
    """A date, the weekday (Monday 0) that stood beside it, and whether it was a bare serial number in text."""

    date: date
    weekday: int | None = None
    serial: bool = False

    @property
    def contradicts_weekday(self) -> bool:
        return self.weekday is not None and self.weekday != self.date.weekday()


@dataclass(frozen=True, slots=True)
class ReadTime:
    """A time of day, and the part of the day that was said with it (下午)."""

    time: time
    part: str = ""


def read_date(
    value: Value, *, epoch: date | None = None, between: tuple[date, date] | None = None, year: int = 0
) -> ReadDate:
    """Read one date.

    `epoch` is the workbook's; without one (CSV) serial numbers are taken from 1900 and marked. A date without a year
    falls into `between` (the class's dates) or takes `year` (the title's).
    """
    if isinstance(value, datetime):
        return ReadDate(value.date())
    if isinstance(value, date):
        return ReadDate(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ReadDate(_from_number(value, epoch or EPOCH_1900))
    text = read_text(value)
    weekday = _WEEKDAY.search(text)
    if weekday:
        text = _WEEKDAY.sub("", text)
    text = _HAN_NUMBER.sub(_arabic, text).strip()
    named = None if weekday is None else _WEEKDAYS.index(weekday[1].replace("天", "日"))
    if text.isdigit():
        return ReadDate(_from_number(int(text), EPOCH_1900), named, serial=int(text) in SERIALS)
    return ReadDate(_from_text(text, between, year), named)


def read_span(value: Value) -> tuple[date | None, date | None]:
    """Read 2024年10月8日至10月20日; the end may leave out its year."""
    first, parted, last = re.sub(r"\s*(?:至|到|~|—+|–|--)\s*", "\n", read_text(value), count=1).partition("\n")
    if not parted:
        raise Unreadable("date_unreadable", text=first)
    opens = read_date(first).date
    return opens, read_date(last, year=opens.year).date


def _arabic(found: re.Match[str]) -> str:
    """Give 二〇二四 as 2024 and 二十一 as 21."""
    text = found[0]
    if "十" not in text:
        return "".join(_HAN_DIGITS[char] for char in text)
    tens, _, ones = text.partition("十")
    return str(10 * int(_HAN_DIGITS.get(tens, "1")) + int(_HAN_DIGITS.get(ones, "0")))


def _from_number(number: float, epoch: date) -> date:
    if int(number) in SERIALS:
        return epoch + timedelta(days=int(number))
    if int(number) in COMPACT and float(number).is_integer():
        digits = str(int(number))
        return _made(digits, int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    raise Unreadable("date_unreadable", text=f"{number:g}")


def _from_text(text: str, between: tuple[date, date] | None, year: int) -> date:
    if found := _ISO.match(text):
        return _made(text, *(int(part) for part in found.groups()))
    if _RANGE.search(text):
        raise Unreadable("date_range", text=text)
    if found := _YEAR_LAST.match(text):
        first, second, last = (int(part) for part in found.groups())
        if first != second and max(first, second) <= NOON:
            raise Unreadable("date_ambiguous", text=text)
        return _made(text, last, min(first, second), max(first, second))
    if (found := _SHORT_YEAR.match(text)) and int(found[1]) > NOON:
        return _made(text, 2000 + int(found[1]), int(found[2]), int(found[3]))
    if found := _NO_YEAR.match(text):
        month, day = int(found[1]), int(found[2])
        for candidate in _years(between, year):
            made = _made(text, candidate, month, day)
            if between is None or between[0] <= made <= between[1]:
                return made
        raise Unreadable("date_no_year", text=text)
    raise Unreadable("date_unreadable", text=text)


def _years(between: tuple[date, date] | None, year: int) -> Sequence[int]:
    if between is not None:
        return range(between[0].year, between[1].year + 1)
    return (year,) if year else ()


def _made(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unreadable("date_impossible", text=text) from error


def split_moment(value: Value) -> tuple[Value, Value]:
    """Part `10月8日 上午8:00-11:10` into a date and times, for sheets that have one column for both."""
    if isinstance(value, datetime):
        return value.date(), value.time()
    text = read_text(value)
    if found := _MOMENT.match(text):
        return found[1], text[found.end() :]
    return text, None


def read_times(value: Value) -> tuple[tuple[ReadTime, ReadTime | None], ...]:
    """Read one time, one range, or several ranges (one a period) out of one cell; an end may be missing."""
    if isinstance(value, datetime):
        return ((ReadTime(_rounded(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))), None),)
    if isinstance(value, time):
        return ((ReadTime(_rounded(timedelta(hours=value.hour, minutes=value.minute, seconds=value.second))), None),)
    if isinstance(value, timedelta):
        return ((ReadTime(_rounded(value)), None),)
    if isinstance(value, float) and (0 <= value < 1 or int(value) in SERIALS):
        return ((ReadTime(_rounded(timedelta(days=value % 1))), None),)
    if isinstance(value, float) and not value.is_integer():  # 8.30 typed as a number is 8.3: half past or three past?
        raise Unreadable("time_unreadable", text=f"{value:g}")
    text = _PERIOD_NUMBERS.sub(" ", read_text(value).lower()).strip()
    if found := _BARE.match(text):
        return ((ReadTime(_clock(text, int(found[1]), int(found[2]))), None),)
    return _ranges(text)


def _ranges(text: str) -> tuple[tuple[ReadTime, ReadTime | None], ...]:
    ranges: list[tuple[ReadTime, ReadTime | None]] = []
    end, part = 0, ""
    for found in _TIME.finditer(text):
        between = text[end : found.start()]
        joined = bool(_TO.match(between)) and bool(ranges) and ranges[-1][1] is None
        # 下午1:30-3:00: the end lies in the part of the day that the start named.
        own = found["part"] or found["after"] or ""
        part = own or (part if joined else "")
        read = ReadTime(_with_part(text, part, found, inherited=not own), part)
        if joined:
            ranges[-1] = (ranges[-1][0], read)
        elif between.strip(" \n\r;,、/()"):
            raise Unreadable("time_unreadable", text=text)
        else:
            ranges.append((read, None))
        end = found.end()
    if not ranges or text[end:].strip(" \n\r;,、/()"):
        raise Unreadable("time_unreadable", text=text)
    return tuple(ranges)


def ending(start: ReadTime, end: ReadTime) -> ReadTime:
    """Give the end that a second cell means: beside 下午1:30, 3:00 is in the afternoon too."""
    if start.part in _AFTERNOON and not end.part and end.time.hour < NOON:
        return ReadTime(end.time.replace(hour=end.time.hour + NOON), start.part)
    return end


def _with_part(text: str, part: str, found: re.Match[str], *, inherited: bool) -> time:
    hour, minutes = int(found["hour"]), found["minute"] or found["said"]
    minute = 30 if minutes == "半" else int(minutes or 0)
    if (part in _AFTERNOON and hour < NOON) or (part in _MIDDAY and hour < LATEST_MIDDAY):
        hour += NOON
    elif part == "am" and hour == NOON:
        hour = 0
    elif part in {"上午", "am", "a.m.", "早上", "早", "早晨", "清晨", "凌晨"} and hour > NOON and not inherited:
        raise Unreadable("time_unreadable", text=text)
    return _clock(text, hour, minute, int(found["second"] or 0))


def _clock(text: str, hour: int, minute: int, second: int = 0) -> time:
    if (hour, minute, second) == (24, 0, 0):
        return time(0)
    try:
        return time(hour, minute, second)
    except ValueError as error:
        raise Unreadable("time_unreadable", text=text) from error


def _rounded(since_midnight: timedelta) -> time:
    """Round to the minute: a spreadsheet's 08:00 is 0.333333."""
    minutes = round(since_midnight / timedelta(minutes=1))
    if not 0 <= minutes <= 24 * 60:
        raise Unreadable("time_unreadable", text=str(since_midnight))
    return time(minutes // 60 % 24, minutes % 60)
