"""The units as systemd itself judges them, in a root folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from edge_agent.appliance.credentials import KEYS, PREFIX
from tests.data import ROOT

UNITS = ROOT / "systemd"
SERVICES = ("capture", "kiosk", "sync", "upkeep")
OURS = sorted(path.name for path in UNITS.iterdir() if path.suffix in {".service", ".target"})


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A system with our units, systemd's own, and stand-ins for the programs that they start."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    units = root / "etc/systemd/system"
    shutil.copytree(UNITS, units, ignore=shutil.ignore_patterns("optional", "*users.d", "tmpfiles.d", "journald*"))
    for program in ("opt/edge_agent/current/bin/edge-agent", "opt/edge_agent/current/bin/python", "usr/bin/cage"):
        path = root / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return root


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


def version() -> int:
    return int(analyze("--version").stdout.split()[1])


def test_systemd_finds_no_fault(root: Path) -> None:
    found = analyze("verify", f"--root={root}", *OURS)
    assert (found.returncode, found.stderr) == (0, "")


@pytest.mark.parametrize("name", ["backoff", "sealed"])
def test_systemd_finds_no_fault_with_an_optional_file(root: Path, name: str) -> None:
    if name == "backoff" and version() < 254:
        pytest.skip("RestartSteps= came with systemd 254; the installer leaves it out before")
    shutil.copy(UNITS / "optional" / f"{name}.conf", root / "etc/systemd/system/edge-agent-.service.d")
    try:
        test_systemd_finds_no_fault(root)
    finally:
        (root / f"etc/systemd/system/edge-agent-.service.d/{name}.conf").unlink()


@pytest.mark.parametrize("service", [*SERVICES, "migrate"])
def test_exposure_is_at_most_2(service: str) -> None:
    found = analyze(
        "security", "--offline=true", "--threshold=20", "--no-pager", UNITS / f"edge-agent-{service}.service"
    )
    assert found.returncode == 0, found.stdout.splitlines()[-1]


def exposures(service: str) -> dict[str, bool]:
    """What systemd sees closed (True) or open, by its own names."""
    unit = UNITS / f"edge-agent-{service}.service"
    found = analyze("security", "--offline=true", "--json=short", "--no-pager", unit)
    return {item["json_field"]: not item["exposure"] for item in json.loads(found.stdout)}


def test_only_sync_reaches_the_internet() -> None:
    closed = {service: exposures(service) for service in SERVICES}
    assert closed["upkeep"]["PrivateNetwork"]
    assert not any(closed[service]["PrivateNetwork"] for service in ("capture", "kiosk", "sync"))
    allowed = {
        service: [
            line for line in (UNITS / f"edge-agent-{service}.service").read_text().splitlines() if "IPAddress" in line
        ]
        for service in SERVICES
    }
    assert allowed["sync"] == []
    for service in ("capture", "kiosk"):
        assert allowed[service][0] == "IPAddressDeny=any"
        assert not any("any" in line or "/0" in line for line in allowed[service][1:])


def test_cameras_that_are_plugged_in_are_held_by_capture_and_by_the_kiosk() -> None:
    """The kiosk binds them, and stands in for capture before the door."""

    def devices(service: str) -> list[str]:
        lines = (UNITS / f"edge-agent-{service}.service").read_text().splitlines()
        return [line for line in lines if line.startswith(("Device", "SupplementaryGroups", "PrivateDevices"))]

    assert "DeviceAllow=char-video4linux rw" in devices("capture")
    assert devices("kiosk") == devices("capture")
    assert devices("sync") == devices("upkeep") == ["PrivateDevices=yes"]


def test_every_service_may_ask_how_far_the_time_is_trusted_and_none_may_set_it() -> None:
    for service in SERVICES:
        found = exposures(service)
        assert not found["ProtectClock"]
        assert found["CapabilityBoundingSet_CAP_SYS_TIME"]


def test_each_key_is_handed_to_the_service_that_made_it_before() -> None:
    for service in (*SERVICES, "migrate"):
        lines = (UNITS / f"edge-agent-{service}.service").read_text().splitlines()
        handed = [line for line in lines if line.startswith("LoadCredential")]
        # Not an absolute path: then a key that is missing would keep the service from starting.
        assert handed == [
            f"LoadCredential={key.name}:{PREFIX}{key.name}" for key in KEYS if f"User={key.user}" in lines
        ]


@pytest.mark.skipif(os.geteuid() != 0, reason="systemd-sysusers and -tmpfiles give files to users, which takes root")
def test_users_and_folders_are_made(tmp_path: Path) -> None:
    for name in ("sysusers", "tmpfiles"):
        shutil.copytree(UNITS / f"{name}.d", tmp_path / f"etc/{name}.d")
        subprocess.run(
            [f"systemd-{name}", f"--root={tmp_path}", *(["--create"] if name == "tmpfiles" else [])], check=True
        )
    users = [line.split(":")[0] for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    assert sorted(users) == ["edge-capture", "edge-kiosk", "edge-screen", "edge-sync", "edge-upkeep"]
    assert (tmp_path / "var/lib/edge_agent").stat().st_mode & 0o7777 == 0o2770
    assert (tmp_path / "var/lib/edge_agent/keys").stat().st_mode & 0o7777 == 0o3770
