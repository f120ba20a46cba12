"""The device's service manager, as far as an installation needs it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Protocol

from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import Release
from edge_agent.appliance.shell import run

SERVICES = tuple(f"edge-agent-{name}.service" for name in ("capture", "kiosk", "sync", "upkeep"))
SCREEN = "edge-screen.service"
READY = 90.0  # seconds for all services to say that they are ready; a migration comes before
GROWING_PAUSES = 254  # the first systemd with RestartSteps=
STEADY = 15.0  # seconds in which none may have been restarted


class Host(Protocol):
    """What an installation asks of the machine. `Systemd` is the real one."""

    def adopt(self, release: Release) -> None:
        """Take over the units, users and folders that the release brings."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def fault(self) -> str:
        """Wait until the services are ready and steady; an empty string, or what is wrong."""

    def forget(self, release: Release) -> None:
        """Take away what `adopt` brought; users stay, because files belong to them."""


class Systemd:
    """systemd, on this machine or in the folder of an image, where nothing is started."""

    def __init__(self, layout: Layout, *, screen: bool = False) -> None:
        self._layout = layout
        self._enabled = ("edge-agent.target", *SERVICES, *((SCREEN,) if screen else ()))

    def adopt(self, release: Release) -> None:
        place_units(release, self._layout, systemd=_version())
        run("systemd-sysusers", *self._root())
        run("systemd-tmpfiles", *self._root(), "--create", "edge-agent.conf")
        self._reload()
        run("systemctl", *self._root(), "enable", *self._enabled)

    def start(self) -> None:
        if self._layout.live:
            run("systemctl", "start", "edge-agent.target")

    def stop(self) -> None:
        if self._layout.live:
            run("systemctl", "stop", "edge-agent.target", "edge-agent-migrate.service", *SERVICES)

    def fault(self) -> str:
        if not self._layout.live:
            return ""
        deadline = time.monotonic() + READY
        while slow := [name for name in SERVICES if _ask(name, "ActiveState") != "active"]:
            if time.monotonic() > deadline:
                return f"{', '.join(slow)}: {_journal(slow[0])}"
            time.sleep(1)
        before = [_ask(name, "NRestarts") for name in SERVICES]
        time.sleep(STEADY)
        restarted = [
            name
            for name, count in zip(SERVICES, before, strict=True)
            if _ask(name, "NRestarts") != count or _ask(name, "ActiveState") != "active"
        ]
        return f"{', '.join(restarted)}: {_journal(restarted[0])}" if restarted else ""

    def forget(self, release: Release) -> None:
        if self._layout.live:
            run("systemctl", "stop", SCREEN)
        run("systemctl", *self._root(), "disable", "edge-agent.target", *SERVICES, SCREEN)
        remove_units(release, self._layout)
        self._reload()

    def _reload(self) -> None:
        if self._layout.live:
            run("systemctl", "daemon-reload")
            run("systemctl", "try-restart", "systemd-journald.service")

    def _root(self) -> list[str]:
        return [] if self._layout.live else [f"--root={self._layout.root}"]


def place_units(release: Release, layout: Layout, *, systemd: int) -> None:
    """Copy what is in the release's `systemd` folder to where the system looks for it."""
    shipped = release.share / "systemd"
    for path in shipped.rglob("*"):
        target = layout.placed(path.relative_to(shipped))
        if path.is_file() and target:
            _copy(path, target)
    sealed = bool(layout.settings().get("sealed"))
    for name, target, wanted in (
        ("backoff", layout.units / "edge-agent-.service.d", systemd >= GROWING_PAUSES),
        ("sealed", layout.units / "edge-agent-sync.service.d", sealed),
    ):
        if wanted:
            _copy(shipped / "optional" / f"{name}.conf", target / f"{name}.conf")
        else:
            (target / f"{name}.conf").unlink(missing_ok=True)


def remove_units(release: Release, layout: Layout) -> None:
    shipped = release.share / "systemd"
    for path in shipped.rglob("*"):
        target = layout.placed(path.relative_to(shipped))
        if path.is_file() and target:
            target.unlink(missing_ok=True)
    for folder in ("edge-agent-.service.d", "edge-agent-sync.service.d"):
        shutil.rmtree(layout.units / folder, ignore_errors=True)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    target.chmod(0o755 if target.parent.name == "bin" else 0o644)  # a wheel forgets modes


def _ask(unit: str, field: str) -> str:
    return run("systemctl", "show", "--value", "--property", field, unit).strip()


def _journal(unit: str) -> str:
    """The service's own last words, without the manager's."""
    return run("journalctl", f"_SYSTEMD_UNIT={unit}", "--lines", "1", "--output", "cat").strip() or "?"


def _version() -> int:
    return int(run("systemctl", "--version").split()[1])
