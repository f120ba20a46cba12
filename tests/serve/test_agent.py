"""What every service starts from: a folder that can be opened, whatever the disk."""

from __future__ import annotations

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
