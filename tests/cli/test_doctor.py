"""`doctor`, `backup` and `restore` as people run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {
        **os.environ,
        "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path / "data"),
        "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true",
        "COLUMNS": "200",
    }

    def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "edge_agent", *arguments],
            cwd=ROOT,
            env=environment | settings,
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def test_a_device_without_a_database_is_told_what_to_do(run: Run) -> None:
    answer = run("doctor")
    assert answer.returncode == 1
    assert "edge-agent migrate" in answer.stdout
    lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    assert len(lines) == len(set(lines)), "what is said in both languages at once is said once"


def test_a_new_device_says_what_is_missing_in_both_languages(run: Run) -> None:
    assert run("migrate").returncode == 0
    answer = run("doctor", "--json")
    told = json.loads(answer.stdout)
    assert (answer.returncode, told["critical"]) == (1, True)
    alarms = {finding["alarm"] for own in told["checks"].values() for finding in own}
    assert {"camera:none", "law", "sync:identity"} <= alarms
    assert told["checks"]["database"] == []
    text = run("doctor").stdout
    assert "未绑定任何摄像机" in text
    assert "No camera is bound." in text


def test_a_broken_policy_is_named(run: Run, tmp_path: Path) -> None:
    run("migrate")
    policy = (ROOT / "config/policies/jinan-2024.toml").read_text().replace("length =", "lenght =", 1)
    (tmp_path / "mine.toml").write_text(policy)
    told = json.loads(run("doctor", "--json", EDGE_AGENT_POLICY=str(tmp_path / "mine.toml")).stdout)
    assert "lenght" in told["checks"]["policy"][0]["zh"]


def test_the_bundle_holds_no_secret(run: Run, tmp_path: Path) -> None:
    run("migrate")
    (tmp_path / "data" / "keys").mkdir(exist_ok=True)
    (tmp_path / "data" / "keys" / "seal.key").write_bytes(b"K" * 32)
    run("doctor", "--bundle", str(tmp_path / "support.zip"))
    with zipfile.ZipFile(tmp_path / "support.zip") as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
        assert set(archive.namelist()) <= {"doctor.json", "settings.json", "system.json", "facts.json", "metrics.prom"}
    assert b"K" * 32 not in content
    assert str(tmp_path).encode() not in content


def test_backup_and_restore(run: Run, tmp_path: Path) -> None:
    run("migrate")
    assert run("backup", str(tmp_path / "b.db")).returncode == 0
    again = run("backup", str(tmp_path / "b.db"))
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    restored = run("restore", str(tmp_path / "b.db"))
    assert restored.returncode == 0, restored.stderr
    assert json.loads(run("fsck", "--json").stdout)["clean"]


def test_the_code_of_the_first_run_is_shown_at_the_device(run: Run) -> None:
    run("migrate")
    shown = [run("kiosk", "code").stdout.strip() for _ in range(2)]
    assert all(len(code) >= 6 for code in shown)
    assert shown[0] != shown[1], "each is new"
