"""What every service starts from: a folder that can be opened, whatever the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.errors import DiskFullError, StorageError
from edge_agent.serve.agent import prepare_agent
from edge_agent.settings import Settings, Store

ROOT = Path(__file__).parents[2]


def test_a_full_disk_stops_neither_a_start_nor_check_in(tmp_path: Path) -> None:
    """The ballast carries some hundred facts at least; what was announced before the end is all there."""
    command = ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-m", "tests.serve.full_disk"]
    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    restarted, running = map(int, done.stdout.split())
    assert restarted > 100
    assert running > 100


def test_without_a_ballast_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFullError("the disk is full", do="Free space.")

    monkeypatch.setattr("edge_agent.serve.agent.prepare", full)
    with pytest.raises(DiskFullError):
        prepare_agent(Settings(store=Store(data_dir=tmp_path)))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        prepare_agent(Settings(store=Store(data_dir=tmp_path / "file" / "data")))


READ_ONLY = """
mount -t tmpfs tmpfs "$EDGE_AGENT_STORE__DATA_DIR"
"$@" migrate || exit 99
mount -o remount,ro "$EDGE_AGENT_STORE__DATA_DIR"
for command in "serve upkeep" migrate "cameras list" "kiosk code" doctor; do
    "$@" $command
    echo "$?"
done
"""


def test_a_read_only_disk_is_named_by_every_command(tmp_path: Path) -> None:
    command = ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", READ_ONLY, "bash"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "edge_agent"],
        cwd=ROOT,
        env={**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    codes = [line for line in done.stdout.splitlines() if line.isdigit()]
    assert codes == ["4", "4", "4", "4", "1"], done.stdout + done.stderr
    assert "mounted read-only" in done.stderr
    assert done.stderr.count("Check the disk") == 4
    assert "Traceback" not in done.stderr


def test_a_clock_in_1970_starts_and_is_said(tmp_path: Path) -> None:
    """Without a battery and a network a small board wakes in 1970: what is recorded then is provisional."""
    environment = {**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path), "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true"}
    for command, code in (("migrate", 0), ("doctor", 1)):
        done = subprocess.run(
            ["faketime", "1970-01-01 08:00:00", sys.executable, "-m", "edge_agent", command],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (code, "")
    assert "时钟未校准" in done.stdout
    assert done.stdout.count("数据库 / database 正常") == 1
