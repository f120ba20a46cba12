"""The three verifiers - the command, the file that goes along, the page - say the same of every golden package."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page
from typer.testing import CliRunner

from edge_agent.cli.verify import app
from edge_agent.evidence.verify import CHECKED, read_keys, verify
from tests.evidence.conftest import Packaged
from tests.evidence.golden import Case, golden, key_file
from tests.evidence.test_verify import unpack

_TRIES = 150


@pytest.fixture(scope="module")
def cases(packaged: Packaged, tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return golden(packaged, tmp_path_factory.mktemp("golden"))


def by_command(case: Case, folder: Path) -> tuple[int, list[str], list[str]]:
    result = CliRunner().invoke(app, [str(case.path), "--json", *options(case, folder)])
    said = json.loads(result.stdout)
    assert result.exit_code == said["exit_code"], case.name
    return said["exit_code"], said["faults"], said["notes"]


def options(case: Case, folder: Path) -> list[str]:
    found = []
    if case.keys:
        (folder / "keys.txt").write_text(case.keys)
        found += ["--key", str(folder / "keys.txt")]
    if case.receipt:
        (folder / "receipt.json").write_text(json.dumps(case.receipt))
        found += ["--receipt", str(folder / "receipt.json")]
    return found


def test_each_golden_package_gets_its_verdict_and_what_is_wrong_is_named(cases: list[Case], tmp_path: Path) -> None:
    for case in cases:
        code, faults, _ = by_command(case, tmp_path)
        assert code == case.code, (case.name, faults)
        assert bool(faults) == (case.code == 1), case.name
        assert any(case.named in fault for fault in faults) or not case.named, (case.name, faults)


def test_the_file_that_goes_along_says_the_same(cases: list[Case], packaged: Packaged, tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_bytes(unpack(packaged.path)["verify.py"])
    for case in cases:
        command = [sys.executable, "-I", "-X", "utf8", "verify.py", str(case.path), *options(case, tmp_path)]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
        code, faults, notes = by_command(case, tmp_path)
        lines = ran.stdout.splitlines()
        assert ran.returncode == code, (case.name, ran.stderr)
        assert [line[4:] for line in lines if line.startswith("  ✗ ")] == faults, case.name
        assert [line[4:] for line in lines if line.startswith("  · ")] == notes, case.name


def test_the_page_says_the_same_in_a_browser(cases: list[Case], packaged: Packaged, tmp_path: Path, page: Page) -> None:
    (tmp_path / "verify.html").write_bytes(unpack(packaged.path)["verify.html"])
    for case in cases:
        page.goto((tmp_path / "verify.html").as_uri())
        page.fill("#keys", case.keys)
        if case.receipt:
            page.click("summary")
            page.fill("#receipt", json.dumps(case.receipt))
        page.set_input_files("#zip", str(case.path))
        page.wait_for_selector("#result:not([hidden])")
        code = int(page.get_attribute("#verdict", "data-code") or -1)
        said = [page.locator(f"#{part} li").all_inner_texts() for part in ("faults", "notes")]
        assert (code, *said) == by_command(case, tmp_path), case.name
        if case.name == "intact":
            report = verify(case.path, read_keys(tmp_path / "keys.txt"))
            held = [f"✓ {number} {CHECKED[what]}" for what, number in report.checked.items()]
            assert page.locator("#checked li").all_inner_texts() == held


def test_any_byte_of_the_zip_itself_is_covered(packaged: Packaged, tmp_path: Path) -> None:
    """Headers, directory and contents alike: changed, inserted, dropped or cut off."""
    dice = random.Random(20240314)  # noqa: S311 - a seeded test
    (tmp_path / "keys.txt").write_text(key_file(packaged))
    keys, whole = read_keys(tmp_path / "keys.txt"), packaged.path.read_bytes()
    heads = whole.index(b"PK\x01\x02"), len(whole)  # the directory is small: half of the tries go there
    for number in range(_TRIES):
        at = dice.randrange(*heads) if number % 2 else dice.randrange(len(whole))
        changed = {
            "changed": whole[:at] + bytes([whole[at] ^ dice.randrange(1, 256)]) + whole[at + 1 :],
            "inserted": whole[:at] + dice.randbytes(1) + whole[at:],
            "dropped": whole[:at] + whole[at + 1 :],
            "cut": whole[:at],
        }
        for how, content in changed.items():
            (tmp_path / "p.zip").write_bytes(content)
            assert verify(tmp_path / "p.zip", keys).exit_code == 1, f"{how} at {at}"
