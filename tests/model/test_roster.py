"""Roster documents: each row committed to, none betrayed by its neighbours."""

from __future__ import annotations

import hashlib
import json

import pytest

from edge_agent.model.merkle import merkle_root
from edge_agent.model.people import Owner, Trainee
from edge_agent.model.roster import Roster, make_roster, read_roster

WANG = Trainee("t1", "c1", "王小明", "11010519491231002X", phone="13800000000")
LI = Trainee("t2", "c1", "李四", "440524188001010014")


def made(*salts: bytes) -> Roster:
    return make_roster("c1", 3, Owner.VENUE, list(zip((WANG, LI), salts, strict=True)))


def test_a_document_is_read_back() -> None:
    roster = made(b"a" * 16, b"b" * 16)
    assert read_roster(roster.encode()) == roster


def test_one_row_is_proved_by_its_salt_and_the_other_commitments() -> None:
    roster = made(b"a" * 16, b"b" * 16)
    shown, other = roster.rows
    assert json.loads(shown.text)["document"] == WANG.document
    proof = hashlib.sha256(b"a" * 16 + shown.text.encode()).digest()
    assert merkle_root([proof, other.commitment]).hex() == roster.root


def test_the_same_row_under_another_salt_is_another_commitment() -> None:
    first, second = made(b"a" * 16, b"b" * 16), made(b"c" * 16, b"b" * 16)
    assert first.rows[0].text == second.rows[0].text
    assert first.rows[0].commitment != second.rows[0].commitment


def test_a_row_that_was_tampered_with_is_found() -> None:
    body = made(b"a" * 16, b"b" * 16).encode()
    with pytest.raises(ValueError, match="root"):
        read_roster(body.replace("李四".encode(), "李五".encode()))
    swapped = json.loads(body)
    swapped["rows"].reverse()
    with pytest.raises(ValueError, match="root"):
        read_roster(json.dumps(swapped, ensure_ascii=False).encode())


@pytest.mark.parametrize("body", [b"[]", b"{}", b"not JSON", b'{"rows": [{"salt": "zz", "row": ""}]}', b"\xff"])
def test_what_is_no_roster(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_roster(body)


def test_another_version_is_refused() -> None:
    document = json.loads(made(b"a" * 16, b"b" * 16).encode())
    with pytest.raises(ValueError, match="version"):
        read_roster(json.dumps(document | {"v": 2}).encode())
