"""Two agents on one folder: the second one is told, and the first goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from edge_agent.errors import StorageError
from edge_agent.serve.alone import alone
from tests.data import ROOT

MODULE = [sys.executable, "-m", "edge_agent"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    given = {**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path), "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true"}
    subprocess.run([*MODULE, "migrate"], cwd=ROOT, env=given, check=True, stdout=subprocess.DEVNULL)
    return given


def start(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as stream:
        return subprocess.Popen([*MODULE, "serve", "upkeep"], cwd=ROOT, env=environment, stderr=stream)


def test_a_second_service_is_refused_and_a_kill_lets_the_next_one_in(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment["EDGE_AGENT_ARCHIVE__FOLDER"] = str(
        tmp_path / "nowhere"
    )  # it logs that there is no disk, once it works
    environment["EDGE_AGENT_LOG__FORMAT"] = "json"
    (tmp_path / ".upkeep.lock").write_text("1\n")  # a lock file alone holds nothing
    log = tmp_path / "upkeep.log"
    first, second = start(environment, log), None
    try:
        holder = None
        while holder != str(first.pid):
            assert first.poll() is None
            holder = (tmp_path / ".upkeep.lock").read_text().strip()
        refused = subprocess.run(
            [*MODULE, "serve", "upkeep"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 3
        assert f"process {first.pid}" in refused.stderr
        assert "store.data_dir" in refused.stderr
        assert first.poll() is None
        first.kill()
        first.wait()
        second = start(environment, log)
        while (tmp_path / ".upkeep.lock").read_text().strip() != str(second.pid):
            assert second.poll() is None
        while not log.read_text("utf-8"):
            assert second.poll() is None
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
        for line in log.read_text("utf-8").splitlines():
            assert {"time", "level", "service", "logger", "message"} <= json.loads(line).keys()
    finally:
        for process in (first, second):
            if process is not None:
                process.kill()
                process.wait()


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".upkeep.lock").mkdir()
    with pytest.raises(StorageError, match="无法写入"), alone(tmp_path, "upkeep"):
        raise AssertionError


def test_nothing_there_is_for_the_database_to_say(environment: dict[str, str], tmp_path: Path) -> None:
    environment["EDGE_AGENT_STORE__DATA_DIR"] = str(tmp_path / "nowhere")
    done = subprocess.run(
        [*MODULE, "serve", "upkeep"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "edge-agent migrate" in done.stderr
