from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge_agent.errors import StorageError
from edge_agent.secrets import SecretBox, seal_letter


def test_what_is_sealed_opens_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secrets.key"
    box = SecretBox.at(path).seal("camera/1", "密码 pass:word")
    assert SecretBox.at(path).open("camera/1", box) == "密码 pass:word"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_equal_secrets_have_different_boxes_that_show_nothing(tmp_path: Path) -> None:
    box = SecretBox.at(tmp_path / "key")
    first, second = box.seal("a", "ABCDEF"), box.seal("a", "ABCDEF")
    assert first != second
    assert b"ABCDEF" not in first


def test_another_name_another_key_or_a_changed_bit_is_refused(tmp_path: Path) -> None:
    ours, other = SecretBox.at(tmp_path / "ours"), SecretBox.at(tmp_path / "other")
    box = ours.seal("a", "ABCDEF")
    with pytest.raises(StorageError):
        ours.open("b", box)
    with pytest.raises(StorageError):
        other.open("a", box)
    with pytest.raises(StorageError):
        ours.open("a", box[:-1] + bytes([box[-1] ^ 1]))
    with pytest.raises(StorageError):
        ours.open("a", b"")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    SecretBox.at(path)
    path.chmod(0o640)
    with pytest.raises(StorageError, match="chmod 600"):
        SecretBox.at(path)


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    SecretBox.at(path)
    path.write_bytes(b"half")
    with pytest.raises(StorageError, match="32 bytes"):
        SecretBox.at(path)


def test_services_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        boxes = list(pool.map(lambda _: SecretBox.at(tmp_path / "key"), range(8)))
    assert {box.open("a", boxes[0].seal("a", "x")) for box in boxes} == {"x"}


def test_a_letter_is_read_by_its_receiver_alone(tmp_path: Path) -> None:
    receiver, other = SecretBox.at(tmp_path / "receiver"), SecretBox.at(tmp_path / "other")
    letter = seal_letter(receiver.address, "bind", "验证码 ABCDEF")
    assert SecretBox.at(tmp_path / "receiver").open_letter("bind", letter) == "验证码 ABCDEF"
    assert letter != seal_letter(receiver.address, "bind", "验证码 ABCDEF")
    for box, name, text in (
        (other, "bind", letter),
        (receiver, "test", letter),
        (receiver, "bind", letter[:-1] + bytes([letter[-1] ^ 1])),
        (receiver, "bind", bytes([letter[0] ^ 1]) + letter[1:]),
        (receiver, "bind", bytes(32) + letter[32:]),
        (receiver, "bind", b"short"),
    ):
        with pytest.raises(StorageError):
            box.open_letter(name, text)
