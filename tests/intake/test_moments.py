"""Dates and times as offices write them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from edge_agent.intake.moments import EPOCH_1904, ReadTime, ending, read_date, read_span, read_times, split_moment
from edge_agent.intake.values import Unreadable, Value

DAY = date(2024, 10, 8)
OCTOBER = (date(2024, 10, 1), date(2024, 10, 31))


@pytest.mark.parametrize(
    "value",
    [
        DAY,
        datetime(2024, 10, 8, 8, 0),  # noqa: DTZ001 - as openpyxl gives it
        45573,
        45573.333,
        20241008,
        "45573",
        "20241008",
        "2024-10-08",
        "2024-10-08 00:00:00",
        "2024/10/8",
        "2024.10.8",
        "2024年10月8日",
        "２０２４年１０月８号",
        " 2024 年 10 月 8 日 （星期二）",
        "周二 2024-10-8",
        "二〇二四年十月八日",
        "二零二四年十月八日",
        "24.10.8",
        "24年10月8日",
        "10月8日",
        "10.8",
        "10/08",
        "十月八日",
    ],
)
def test_spellings_of_one_date(value: Value) -> None:
    assert read_date(value, between=OCTOBER).date == DAY


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("明天", "date_unreadable"),
        ("2024年10月", "date_unreadable"),
        (8, "date_unreadable"),
        (True, "date_unreadable"),
        ("2024-13-01", "date_impossible"),
        ("2024年2月30日", "date_impossible"),
        ("20241332", "date_impossible"),
        ("10月8日-10日", "date_range"),
        ("10月8日至10月10日", "date_range"),
        ("10.8-10.10", "date_range"),
        ("10/8/2024", "date_ambiguous"),
        ("11月8日", "date_no_year"),
    ],
)
def test_what_is_no_date(value: Value, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_date(value, between=OCTOBER)
    assert error.value.code == code


def test_month_and_day_that_can_be_told_apart() -> None:
    assert read_date("10/28/2024").date == date(2024, 10, 28)
    assert read_date("28/10/2024").date == date(2024, 10, 28)
    assert read_date("10/10/2024").date == date(2024, 10, 10)


def test_a_year_comes_from_the_class_or_the_title() -> None:
    winter = (date(2024, 12, 20), date(2025, 1, 20))
    assert read_date("12月30日", between=winter).date == date(2024, 12, 30)
    assert read_date("1月3日", between=winter).date == date(2025, 1, 3)
    assert read_date("1月3日", year=2025).date == date(2025, 1, 3)
    with pytest.raises(Unreadable):
        read_date("1月3日")


def test_serial_numbers_count_from_the_workbooks_epoch() -> None:
    assert read_date(44111, epoch=EPOCH_1904).date == DAY
    assert read_date("45573").serial
    assert not read_date(45573, epoch=EPOCH_1904).serial


def test_weekdays_are_compared() -> None:
    assert read_date("2024-10-08 星期三").contradicts_weekday
    assert not read_date("2024-10-08(周二)").contradicts_weekday
    assert not read_date("2024-10-13 星期天").contradicts_weekday


def test_spans() -> None:
    assert read_span("2024年10月8日至10月18日") == (DAY, date(2024, 10, 18))
    assert read_span("2024.10.8—2024.10.18") == (DAY, date(2024, 10, 18))
    with pytest.raises(Unreadable):
        read_span("2024年10月8日")


def times(value: Value) -> list[str]:
    return [
        "-".join(f"{moment.time:%H:%M}" for moment in (start, end) if moment is not None)
        for start, end in read_times(value)
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (time(8, 0), "08:00"),
        (time(7, 59, 59), "08:00"),
        (datetime(1899, 12, 30, 13, 30), "13:30"),  # noqa: DTZ001 - as openpyxl gives it
        (timedelta(hours=8), "08:00"),
        (0.3333333333, "08:00"),
        ("8:00", "08:00"),
        ("0830", "08:30"),
        (830, "08:30"),
        ("8：00", "08:00"),
        ("8.30", "08:30"),
        ("8点", "08:00"),
        ("8点半", "08:30"),
        ("8时30分", "08:30"),
        ("上午8:00", "08:00"),
        ("下午1:30", "13:30"),
        ("下午13:30", "13:30"),
        ("晚上7点", "19:00"),
        ("中午12:30", "12:30"),
        ("中午1:30", "13:30"),
        ("1:30 PM", "13:30"),
        ("12:15 am", "00:15"),
        ("8:00-9:30", "08:00-09:30"),
        ("8:00—9:30", "08:00-09:30"),
        ("8：00～9：30", "08:00-09:30"),
        ("8:00 至 9:30", "08:00-09:30"),
        ("上午8:00-11:30", "08:00-11:30"),
        ("下午1:30-3:00", "13:30-15:00"),
        ("上午8:00-下午5:00", "08:00-17:00"),
        ("中午11:50-1:20", "11:50-13:20"),
        ("22:30-24:00", "22:30-00:00"),
        ("08:00:00-09:30:00", "08:00-09:30"),
        ("第1-2节（8:00-9:30）", "08:00-09:30"),
    ],
)
def test_times(value: Value, expected: str) -> None:
    assert times(value) == [expected]


def test_seconds_are_kept_where_they_are_written() -> None:
    ((start, end),) = read_times("23:59:30-24:00:00")
    assert (start.time, end and end.time) == (time(23, 59, 30), time(0))


def test_several_ranges_in_one_cell() -> None:
    assert times("8:00-8:45\n8:55-9:40") == ["08:00-08:45", "08:55-09:40"]
    assert times("上午8:00-11:30，下午1:30-4:00") == ["08:00-11:30", "13:30-16:00"]


@pytest.mark.parametrize(
    "value", ["上午", "25:00", "8:75", "第一节", "8:00左右", "", 8, 8.3, "8.3", "8:5", "上午14:00"]
)
def test_what_is_no_time(value: Value) -> None:
    with pytest.raises(Unreadable) as error:
        read_times(value)
    assert error.value.code == "time_unreadable"


def test_an_end_lies_in_the_part_of_the_day_of_its_start() -> None:
    afternoon = ReadTime(time(13, 30), "下午")
    assert ending(afternoon, ReadTime(time(3, 0))).time == time(15, 0)
    assert ending(ReadTime(time(8, 0)), ReadTime(time(9, 30))).time == time(9, 30)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("2024年10月8日 上午8:00-9:30", ("2024年10月8日", "上午8:00-9:30")),
        ("10月8日（星期二）8:00", ("10月8日", "8:00")),
        (datetime(2024, 10, 8, 8, 0), (DAY, time(8, 0))),  # noqa: DTZ001 - as openpyxl gives it
    ],
)
def test_a_date_and_times_in_one_cell(value: Value, parts: tuple[Value, Value]) -> None:
    assert split_moment(value) == parts
