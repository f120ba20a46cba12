from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from edge_agent.errors import StorageError
from edge_agent.faces.gallery import reset
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


@pytest.fixture
def handed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what systemd hands to the service."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "handed"))
    (tmp_path / "handed").mkdir()
    return tmp_path / "handed"


def test_a_key_that_systemd_hands_over_is_used_and_none_is_made(tmp_path: Path, handed: Path) -> None:
    (handed / "secrets.key").write_bytes(b"K" * 32)
    (handed / "secrets.key").chmod(0o440)  # where memory keeps access lists, the group's bits are theirs
    box = SecretBox.at(tmp_path / "data" / "secrets.key")
    assert SecretBox(b"K" * 32).open("a", box.seal("a", "ABCDEF")) == "ABCDEF"
    assert not (tmp_path / "data").exists()
    assert SecretBox.at(tmp_path / "other.key").address != box.address, "nobody handed that one"
    assert (tmp_path / "other.key").exists()


def test_what_the_key_in_the_folder_has_sealed_opens_beside_the_one_that_is_handed_over(
    tmp_path: Path, handed: Path
) -> None:
    path = tmp_path / "secrets.key"
    before = SecretBox.at(path).seal("a", "ABCDEF")
    (handed / "secrets.key").write_bytes(b"K" * 32)
    box = SecretBox.at(path)
    assert box.open("a", before) == "ABCDEF"
    assert SecretBox(b"K" * 32).open("a", box.seal("a", "new")) == "new"
    with pytest.raises(StorageError):
        box.open("b", before)
    path.write_bytes(b"half")
    with pytest.raises(StorageError):
        SecretBox.at(path).open("a", before)


def test_half_a_key_that_systemd_hands_over_is_refused(tmp_path: Path, handed: Path) -> None:
    (handed / "secrets.key").write_bytes(b"half")
    with pytest.raises(StorageError, match="32 bytes"):
        SecretBox.at(tmp_path / "secrets.key")


def test_a_reset_of_the_faces_leaves_the_key_that_systemd_hands_over(tmp_path: Path, handed: Path) -> None:
    for name in ("faces.db", "faces.key"):
        (tmp_path / name).touch()
    (handed / "faces.key").write_bytes(b"K" * 32)
    reset(tmp_path)
    assert not (tmp_path / "faces.db").exists()
    assert (tmp_path / "faces.key").exists(), "the release before would look for it"
    (handed / "faces.key").unlink()
    reset(tmp_path)
    assert not (tmp_path / "faces.key").exists()
