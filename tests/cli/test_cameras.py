"""`edge-agent cameras` and `edge-agent simulator camera`, as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from edge_agent.cli.camera_words import print_list
from edge_agent.cli.main import app
from edge_agent.model.camera import Camera, CameraKind, CameraState
from edge_agent.store.cameras import Known
from tests.data import ROOT


@contextmanager
def simulated(*options: str) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "edge_agent", "simulator", "camera", "--json", *options]
    command += ["--password", "LABEL1", "--size", "320x180", "--seconds", "2", "--noise", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        told = json.loads(process.stdout.readline())
        told["say"] = lambda line: print(line, file=process.stdin, flush=True)
        told["hear"] = process.stdout.readline
        yield told
        process.terminate()


@pytest.fixture
def simulator() -> Iterator[dict[str, Any]]:
    """Not found by the searches of other tests."""
    with simulated("--serial", "K12345678", "--host", "127.0.5.1", "--no-multicast") as told:
        yield told


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(tmp_path))
    monkeypatch.setenv("EDGE_AGENT_SEALED", "true")  # no packet to the brands' factory addresses
    monkeypatch.setenv("EDGE_AGENT_CLOCK__KEPT_BY_HOST", "true")

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    run("migrate")
    return run


def test_from_the_label_to_a_tested_camera_and_back(simulator: dict[str, Any], run: Callable[..., str]) -> None:
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


def test_a_search_that_names_no_host_finds_what_the_simulator_serves(run: Callable[..., str]) -> None:
    with simulated("--serial", "KFINDME01"):
        found = json.loads(run("cameras", "discover", "--json"))["found"]
        assert "KFINDME01" in {one["serial"] for one in found}
        told = run("cameras", "discover")
        assert "KFINDME01" in told
        assert "cameras bind" in told


def test_what_is_found_nowhere_is_said_with_what_to_do(run: Callable[..., str]) -> None:
    assert "192.168.1.0/24" in run("cameras", "discover", "--no-multicast")
    assert "cameras discover" in run("cameras", "list")


@pytest.mark.parametrize("width", [80, 120])
def test_a_list_of_cameras_fits_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With Chinese names, which take two columns a character, and with what commands need in one piece."""
    monkeypatch.setenv("COLUMNS", str(width))
    serial = "CHAB1234567890123456"
    rows = [
        Camera("cam-01234567", "后门顶部全景摄像机", CameraKind.ONVIF, "电工实训室二", "", host="192.168.1.64:8899"),
        Camera("cam-89abcdef", "front door", CameraKind.ONVIF, "101", "", host="192.168.1.65:80", serial=serial),
        Camera("cam-00000000", "讲台", CameraKind.USB, "101", "usb:/dev/video0?size=1280x720&fps=15"),
        Camera("cam-11111111", "讲台", CameraKind.CSI, "101", "csi:0?size=1920x1080&fps=25", serial="csi-0"),
    ]
    seen = Known("cam-01234567", CameraState.OFFLINE, None, "unreachable", "ok")
    print_list(rows, {"cam-01234567": seen})
    lines = capsys.readouterr().out.splitlines()
    assert max(cell_len(line) for line in lines) <= width
    text = "\n".join(lines)
    for word in ("cam-01234567", "后门顶部全景摄像机", "电工实训室二", "192.168.1.64:8899", "/dev/video0"):
        assert word in text
    assert serial in text
    assert "离线 / offline" in text
    assert len(lines) <= 3 + 4 * 3  # a header, and at most three lines a camera


def test_what_can_not_be_is_said_with_what_to_do() -> None:
    for wrong in (["--size", "12"], ["--fault", "nonsense", "--size", "160x90", "--seconds", "1"]):
        result = subprocess.run(
            [sys.executable, "-m", "edge_agent", "simulator", "camera", *wrong],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert result.returncode == 2
        assert wrong[1] in result.stderr
