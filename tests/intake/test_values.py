"""Text, names, numbers and phone numbers as people and spreadsheets write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from edge_agent.intake.values import (
    Broken,
    Unreadable,
    Value,
    has_private_character,
    read_count,
    read_flag,
    read_name,
    read_number,
    read_phone,
    read_text,
)


def code_of(error: pytest.ExceptionInfo[Unreadable]) -> str:
    return error.value.code


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  ＡＢ１２　", "AB12"),
        ("a\u200b\ufeffb\u00adc", "abc"),
        ("a \t  b", "a b"),
        ('="370102"', "370102"),
        ("'0538", "0538"),
        (101.0, "101"),
        (1.5, "1.5"),
        (True, "是"),
        (datetime(2024, 10, 8), "2024-10-08"),  # noqa: DTZ001 - as openpyxl gives it
        (None, ""),
    ],
)
def test_text(value: Value, text: str) -> None:
    assert read_text(value) == text


def test_a_failed_formula_is_no_text() -> None:
    with pytest.raises(Unreadable) as error:
        read_text(Broken("cell_error", "#N/A"))
    assert (error.value.code, error.value.params) == ("cell_error", {"text": "#N/A"})


def test_text_has_an_end() -> None:
    with pytest.raises(Unreadable) as error:
        read_text("长" * 201)
    assert code_of(error) == "text_long"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("王　明", "王明"),
        (" 欧阳 娜娜 ", "欧阳娜娜"),
        ("买买提•艾力", "买买提·艾力"),
        ("迪丽热巴.迪力木拉提", "迪丽热巴·迪力木拉提"),
        ("Anna  Maria O'Neil", "Anna Maria O'Neil"),
        ("\U00020bb7田", "\U00020bb7田"),
    ],
)
def test_names(value: str, name: str) -> None:
    assert read_name(value) == name


@pytest.mark.parametrize("value", ["王小明1", "=cmd", "张三（组长）", "王" * 51])
def test_what_is_no_name(value: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_name(value)
    assert code_of(error) == "name_odd"


def test_a_private_character_is_a_name_but_noticed() -> None:
    name = read_name("王\ue863")
    assert has_private_character(name)
    assert not has_private_character("王\U00020bb7")


@pytest.mark.parametrize(("value", "number"), [("2课时", 2), ("２", 2), (2.0, 2), (" 12.5 学时", 12.5), (0, 0)])
def test_numbers(value: Value, number: float) -> None:
    assert read_number(value) == number


@pytest.mark.parametrize("value", ["两", "-1", -1, "1e3", float("nan"), float("inf"), True])
def test_what_is_no_number(value: Value) -> None:
    with pytest.raises(Unreadable) as error:
        read_number(value)
    assert code_of(error) == "number_bad"


@pytest.mark.parametrize(("value", "code"), [(2.5, "number_whole"), (0, "number_range"), (17, "number_range")])
def test_counts(value: Value, code: str) -> None:
    assert read_count(16, low=1, high=16) == 16
    with pytest.raises(Unreadable) as error:
        read_count(value, low=1, high=16)
    assert code_of(error) == code


def test_flags() -> None:
    assert read_flag("专职")
    assert not read_flag("兼职")
    assert read_flag("√")
    with pytest.raises(Unreadable) as error:
        read_flag("不清楚")
    assert code_of(error) == "flag_bad"


@pytest.mark.parametrize(
    "value",
    [13812345678, 13812345678.0, "138 1234 5678", "+86-138-1234-5678", "8613812345678", "１３８１２３４５６７８"],
)
def test_phones(value: Value) -> None:
    assert read_phone(value) == "13812345678"


def test_a_landline_is_a_phone() -> None:
    assert read_phone("0531-8888 6666") == "053188886666"


@pytest.mark.parametrize(
    ("value", "code"), [("1.38E+10", "phone_lost"), ("1381234567", "phone_bad"), ("23812345678", "phone_bad")]
)
def test_what_is_no_phone(value: str, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_phone(value)
    assert code_of(error) == code
