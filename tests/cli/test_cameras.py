"""`edge-agent cameras` and `edge-agent simulator camera`, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edge_agent.cli.main import app
from tests.data import ROOT


@pytest.fixture
def simulator() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "edge_agent", "simulator", "camera", "--json", "--serial", "K12345678"]
    command += ["--password", "LABEL1", "--size", "320x180", "--seconds", "2", "--noise", "0", "--host", "127.0.5.1"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        told = json.loads(process.stdout.readline())
        told["say"] = lambda line: print(line, file=process.stdin, flush=True)
        told["hear"] = process.stdout.readline
        yield told
        process.terminate()


def test_from_the_label_to_a_tested_camera_and_back(
    simulator: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path))
    monkeypatch.setenv("EDGE_AGENT_SEALED", "true")  # no packet to the brands' factory addresses
    monkeypatch.setenv("EDGE_AGENT_CLOCK__KEPT_BY_HOST", "true")

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    run("migrate")
    host = simulator["onvif"].split("/")[2]
    label = ["--serial", simulator["serial"], "--code", simulator["password"]]
    refused = run("cameras", "bind", "--room", "101", "--host", host, "--serial", "K87654321", "--code", "NOT1", code=5)
    assert "K12345678" in refused
    bound = json.loads(run("cameras", "bind", "--room", "101", "--host", host, *label, "--json"))["bound"][0]
    assert (bound["camera"]["serial"], bound["picture"]["codec"]) == (simulator["serial"], "h264")
    assert simulator["password"] not in json.dumps(bound)

    listed = json.loads(run("cameras", "list", "--json"))["cameras"]
    assert [(one["id"], one["state"]) for one in listed] == [(bound["camera"]["id"], "unknown")]
    assert bound["camera"]["id"] in run("cameras", "list")

    simulator["say"]("wrong-password")
    simulator["say"]("nonsense")
    assert "nonsense" in simulator["hear"]()  # so the first has been done
    told = run("cameras", "test", "--no-search", code=5)
    assert "密码不对" in told
    assert simulator["password"] not in told
    simulator["say"]("clear")
    simulator["say"]("nonsense")
    simulator["hear"]()
    assert run("cameras", "answer") == ""
    assert "首帧" in run("cameras", "test", simulator["serial"])
    assert json.loads(run("cameras", "unbind", simulator["serial"], "--json")) == {"unbound": [bound["camera"]["id"]]}
    assert json.loads(run("cameras", "list", "--json")) == {"cameras": []}


def test_what_can_not_be_is_said_with_what_to_do() -> None:
    for wrong in (["--size", "12"], ["--fault", "nonsense", "--size", "160x90", "--seconds", "1"]):
        result = subprocess.run(
            [sys.executable, "-m", "edge_agent", "simulator", "camera", *wrong],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert result.returncode == 2
        assert wrong[1] in result.stderr
