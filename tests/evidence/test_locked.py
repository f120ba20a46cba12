"""An encrypted package, opened with its password and changed without it; and the command that asks for the password."""

from __future__ import annotations

import json
import random
from functools import partial
from pathlib import Path

import pytest
import pyzipper  # type: ignore[import-untyped] # it ships no types
from typer.testing import CliRunner

from edge_agent.cli.main import app
from edge_agent.evidence.locked import LockedZip, is_locked
from edge_agent.evidence.package import Wanted
from edge_agent.evidence.verify import verify
from tests.evidence.conftest import Packaged
from tests.evidence.golden import key_file
from tests.evidence.test_verify import unpack

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def locked(packaged: Packaged, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("locked") / "full.zip"
    packaged.room.package(path, Wanted("C", full_ids=True, password=PASSWORD))
    (path.parent / "keys.txt").write_text(key_file(packaged))
    return path


def run(*words: str | Path, **environment: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["verify", *map(str, words)], env=environment)
    return done.exit_code, done.stdout, f"{done.stderr}{done.exception or ''}"


def test_the_command_takes_the_password_by_option_environment_or_prompt(
    locked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (locked, "--key", locked.parent / "keys.txt")
    assert run(*words, "--password", PASSWORD)[0] == 0
    assert run(*words, "--password", "battery staple")[0] == 1
    code, out, _ = run(*words, "--json", EDGE_AGENT_EXPORT_PASSWORD=PASSWORD)
    assert (code, json.loads(out)["faults"]) == (0, [])
    monkeypatch.setattr("edge_agent.cli.verify.ask", lambda _prompt: PASSWORD)
    assert run(*words)[0] == 0


def test_without_a_password_and_a_terminal_it_says_how_to_give_one(locked: Path) -> None:
    code, _, error = run(locked)
    assert code == 1
    assert "EDGE_AGENT_EXPORT_PASSWORD" in error


def test_what_stops_the_check_is_never_the_code_of_a_consistent_package(packaged: Packaged, tmp_path: Path) -> None:
    (tmp_path / "receipt.json").write_text("[]")
    (tmp_path / "keys.txt").write_text("device 12")
    assert run(packaged.path)[0] == 2
    assert run(packaged.path, "--key", tmp_path / "none.txt")[0] == 1
    assert run(packaged.path, "--key", tmp_path / "keys.txt")[0] == 1
    code, _, error = run(packaged.path, "--receipt", tmp_path / "receipt.json")
    assert code == 1
    assert "回执" in error
    assert run(tmp_path / "none.zip")[0] == 1


def test_a_changed_byte_of_an_encrypted_package_is_found(locked: Path, packaged: Packaged, tmp_path: Path) -> None:
    whole, out = locked.read_bytes(), tmp_path / "changed.zip"
    chance = random.Random(3)  # noqa: S311 - repeatable damage
    directory = whole.rindex(b"PK\x05\x06")
    places = [*range(4, 30), *(chance.randrange(directory) for _ in range(20)), directory + 12, len(whole) - 1]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(1, 8)
        out.write_bytes(changed)
        assert verify(out, packaged.keys, open_zip=partial(LockedZip, password=PASSWORD)).exit_code == 1, place
    for content in (whole[: len(whole) // 2], whole + b"x", b"x" + whole):
        out.write_bytes(content)
        assert verify(out, packaged.keys, open_zip=partial(LockedZip, password=PASSWORD)).exit_code == 1


def test_files_added_to_an_encrypted_package_are_refused(packaged: Packaged, tmp_path: Path) -> None:
    for name in ("../out.html", "more.html"):
        with pyzipper.AESZipFile(tmp_path / "p.zip", "w", encryption=pyzipper.WZ_AES) as archive:
            archive.setpassword(PASSWORD.encode())
            for own, content in {**unpack(packaged.path), name: b"x"}.items():
                archive.writestr(own, content)
        report = verify(tmp_path / "p.zip", packaged.keys, open_zip=partial(LockedZip, password=PASSWORD))
        assert any(name in fault for fault in report.faults)
        assert not (tmp_path.parent / "out.html").exists()


def test_an_open_zip_and_other_files_are_not_taken_for_encrypted(packaged: Packaged, tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"PK\x03\x04")
    assert not any(map(is_locked, (packaged.path, tmp_path, tmp_path / "short", tmp_path / "none")))
