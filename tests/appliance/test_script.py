"""`install.sh` on machines that can't take it: each is told what it lacks, in both languages, and nothing is done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.data import ROOT

Machine = Path


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A PATH of stand-ins before the real commands."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def stand_in(machine: Machine, name: str, script: str) -> None:
    path = machine / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def call(machine: Machine, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHON"}
    environment["PATH"] = path or f"{machine}:{environment['PATH']}"
    return subprocess.run(
        ["/bin/bash", str(ROOT / "install.sh"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["install", "demo", "bundle", "test"])
def test_a_32_bit_system_is_refused(machine: Machine, command: str) -> None:
    stand_in(machine, "getconf", "echo 32")
    done = call(machine, command)
    assert done.returncode == 1
    assert "需要 64 位系统" in done.stderr
    assert "64-bit Debian" in done.stderr


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.14"])
def test_a_python_of_another_age_is_refused(machine: Machine, version: str, tmp_path: Path) -> None:
    major, minor = version.split(".")
    # What install.sh asks a Python is whether its version and modules will do.
    answer = f"import sys; sys.version_info = ({major}, {minor}, 0); exec(sys.argv[1])"
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        stand_in(machine, name, f"exec /usr/bin/python3 -c '{answer}' \"$2\"")
    done = call(machine, "install", "--offline", "none.tar", "--root", str(tmp_path / "root"))
    assert done.returncode == 1
    assert "需要 Python 3.11 至 3.13" in done.stderr
    assert "PYTHON=/path/python3" in done.stderr
    assert not (tmp_path / "root").exists()


def test_another_distribution_is_refused(machine: Machine) -> None:
    for name in ("bash", "getconf", "cat", "readlink", "dirname", "env"):
        (machine / name).symlink_to(f"/usr/bin/{name}")
    done = call(machine, "install", path=str(machine))
    assert done.returncode == 1
    assert "只支持 Debian" in done.stderr


def test_an_unknown_command_names_the_help(machine: Machine) -> None:
    done = call(machine, "instal")
    assert (done.returncode, done.stdout) == (1, "")
    assert "./install.sh help" in done.stderr


def test_help_names_every_command(machine: Machine) -> None:
    told = call(machine, "help").stdout
    assert all(word in told for word in ("install.sh", "uninstall", "bundle", "demo", "test", "--offline", "--stick"))
