"""Resident ids and what Excel does to them, and the kinds of document that are accepted."""

from __future__ import annotations

import re
from datetime import date

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from edge_agent.intake.values import Unreadable, Value, is_scientific, read_text

LENGTH = 18
OLD_LENGTH = 15
# A double keeps 15 digits, so Excel's number cells end in 000 from the 16th digit on.
DOUBLE_DIGITS = 15
LOST = "000"
_SHAPE = re.compile(r"^\d{17}[\dX]$")
_TEMPORARY = re.compile(r"临时|temporary", re.IGNORECASE)

RESIDENT = "resident"
RESIDENCE_PERMIT = "residence_permit"
FOREIGN_PERMANENT = "foreign_permanent"
# The first name of each stands in messages and templates.
DOCUMENT_TYPES = {
    RESIDENT: "居民身份证|身份证|二代身份证|中华人民共和国居民身份证|resident|resident id card|id card",
    RESIDENCE_PERMIT: "港澳台居民居住证|港澳居民居住证|台湾居民居住证|residence_permit|residence permit",
    FOREIGN_PERMANENT: "外国人永久居留身份证|外国人永久居留证|foreign_permanent|permanent residence card",
}
DOCUMENT_NAMES = tuple(names.partition("|")[0] for names in DOCUMENT_TYPES.values())
_BY_NAME = {name: kind for kind, names in DOCUMENT_TYPES.items() for name in names.split("|")}
# The first digits of the numbers of those two documents; both carry the resident id's checksum.
_PREFIXES = {"81": RESIDENCE_PERMIT, "82": RESIDENCE_PERMIT, "83": RESIDENCE_PERMIT, "9": FOREIGN_PERMANENT}


def read_document(value: Value) -> str:
    """Give the 18 characters of a resident id.

    Only length, date of birth and checksum decide: districts that were abolished long ago are in no table, and
    their people are still in class.
    """
    number = _digits(value)
    if len(number) == OLD_LENGTH and number.isdigit():
        raise Unreadable("id_15_digits")
    if len(number) != LENGTH:
        raise Unreadable("id_length", length=len(number))
    if not _SHAPE.match(number):
        wrong = next(
            i for i, char in enumerate(number, start=1) if not (char.isdigit() or (i == LENGTH and char == "X"))
        )
        raise Unreadable("id_characters", position=wrong)
    checked = ric.calc_check_digit(number) == number[-1]
    if not checked and number.endswith(LOST):
        raise Unreadable("id_digits_lost")
    birth_date(number)
    if not checked:
        raise Unreadable("id_checksum")
    return number


def is_resident_id(text: str) -> bool:
    try:
        read_document(text)
    except Unreadable:
        return False
    return True


def _digits(value: Value) -> str:
    text = re.sub(r"[\s-]", "", read_text(value)).upper()
    if is_scientific(text):
        raise Unreadable("id_digits_lost")
    # A whole number with 16 digits or more: written by a program it is exact, from Excel its end is gone.
    if (
        isinstance(value, int | float)
        and len(text) > DOUBLE_DIGITS
        and (isinstance(value, float) or text.endswith(LOST))
    ):
        raise Unreadable("id_digits_lost")
    return text


def birth_date(number: str) -> date:
    try:
        return ric.get_birth_date(number)
    except ValidationError as error:
        raise Unreadable("id_birth_date", text=number[6:14]) from error


def ends_like_lost(number: str) -> bool:
    """Tell whether a valid id ends in 000, as one in eleven of the destroyed ones does by chance."""
    return number.endswith(LOST)


def read_document_type(value: Value) -> str:
    text = read_text(value)
    if _TEMPORARY.search(text):
        raise Unreadable("document_temporary")
    kind = _BY_NAME.get(text.lower())
    if kind is None:
        raise Unreadable("document_type", text=text, accepted="、".join(DOCUMENT_NAMES))
    return kind


def document_type_of(number: str) -> str:
    """Give the kind of document from the number alone, where the file has no column for it."""
    return next((kind for prefix, kind in _PREFIXES.items() if number.startswith(prefix)), RESIDENT)


def masked(number: str) -> str:
    return f"{number[:3]}***********{number[-4:]}" if number else ""
