"""A card that is put into another board, on trees like that of a Raspberry Pi's kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.upkeep.board import NOTE, Boards, note_board, read_boards, serial


def pi(root: Path, number: str) -> Path:
    tree = root / number / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "serial-number").write_bytes(number.encode() + b"\0")
    return root / number


def test_a_card_remembers_its_board(tmp_path: Path) -> None:
    first, second = pi(tmp_path, "10000000abcdef01"), pi(tmp_path, "10000000abcdef02")
    card = tmp_path / "card"
    card.mkdir()
    note_board(card, first)
    assert read_boards(card, first) == Boards("10000000abcdef01", "10000000abcdef01")
    note_board(card, second)
    assert read_boards(card, second) == Boards("10000000abcdef01", "10000000abcdef02"), (
        "the swap is seen, not forgotten"
    )
    (card / NOTE).unlink()
    note_board(card, second)
    assert read_boards(card, second) == Boards("10000000abcdef02", "10000000abcdef02"), "accepted by hand"


def test_a_pc_has_no_such_number_and_nothing_is_said(tmp_path: Path) -> None:
    assert serial(tmp_path) == ""
    note_board(tmp_path, tmp_path)
    assert not (tmp_path / NOTE).exists()
    assert read_boards(tmp_path, tmp_path) is None


@pytest.mark.parametrize("torn", ["", "{", "[]", "{}", "7"])
def test_a_torn_note_is_none_and_is_written_anew(tmp_path: Path, torn: str) -> None:
    root = pi(tmp_path, "10000000abcdef01")
    (tmp_path / NOTE).write_text(torn)
    assert read_boards(tmp_path, root) is None
    note_board(tmp_path, root)
    assert read_boards(tmp_path, root) == Boards("10000000abcdef01", "10000000abcdef01")
