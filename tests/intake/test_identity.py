"""Resident ids: the golden ones, and those that Excel has been at."""

from __future__ import annotations

import json
from datetime import date

import pytest

from edge_agent.intake.identity import birth_date, document_type_of, masked, read_document, read_document_type
from edge_agent.intake.values import Unreadable, Value
from tests.data import golden
from tests.intake.workbooks import resident_id


def test_the_golden_ids() -> None:
    cases = json.loads(golden("jinan-2024.json").read_text())["resident_id"]
    for text, valid in cases.items():
        try:
            found = read_document(text) == text.upper()
        except Unreadable:
            found = False
        assert found == valid, text


@pytest.mark.parametrize(
    "value",
    [
        "11010519491231002X",
        " 110105 19491231 002x ",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002X",
        '="11010519491231002X"',
        "110105-19491231-002X\u200b",
    ],
)
def test_spellings_of_one_id(value: str) -> None:
    assert read_document(value) == "11010519491231002X"


def test_a_number_that_kept_its_digits_is_an_id() -> None:
    """Some program wrote all eighteen digits as a number; Excel has not seen it yet."""
    assert read_document(int(resident_id(1))) == resident_id(1)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (370102199003071000, "id_digits_lost"),
        (3.70102199003071e17, "id_digits_lost"),
        (3.7010219900307123e17, "id_digits_lost"),
        ("3.70102E+17", "id_digits_lost"),
        ("370102199003072000", "id_digits_lost"),
        ("130503670401001", "id_15_digits"),
        (130503670401001, "id_15_digits"),
        ("37010219900307101", "id_length"),
        ("", "id_length"),
        ("37O102199003071011", "id_characters"),
        ("3701021990030710XX", "id_characters"),
        ("370102199002301011", "id_birth_date"),
        ("110105194912310021", "id_checksum"),
    ],
)
def test_what_is_no_id(value: Value, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_document(value)
    assert error.value.code == code


def test_the_wrong_character_is_pointed_at() -> None:
    with pytest.raises(Unreadable) as error:
        read_document("37O102199003071011")
    assert error.value.params == {"position": 3}


def test_birth_date() -> None:
    assert birth_date("11010519491231002X") == date(1949, 12, 31)


@pytest.mark.parametrize("value", ["临时身份证", "临时居民身份证", "居民身份证（临时）", "Temporary ID"])
def test_temporary_cards_are_refused(value: str) -> None:
    with pytest.raises(Unreadable) as error:
        read_document_type(value)
    assert error.value.code == "document_temporary"


def test_document_types() -> None:
    assert read_document_type("居民身份证") == "resident"
    assert read_document_type("港澳居民居住证") == "residence_permit"
    with pytest.raises(Unreadable) as error:
        read_document_type("护照")
    assert error.value.code == "document_type"
    assert [document_type_of(number) for number in ("370102", "830000", "911")] == [
        "resident",
        "residence_permit",
        "foreign_permanent",
    ]


def test_masked() -> None:
    assert masked("11010519491231002X") == "110***********002X"
