"""Releases under `versions/`: each a virtual environment that is built once and then only linked to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from edge_agent.appliance.layout import Layout
from edge_agent.appliance.shell import complaint, run
from edge_agent.appliance.source import WEIGHTS, Source
from edge_agent.appliance.talk import RefusalError, say

KEPT = 2  # the one that runs and the one before
SPACE = 1_500_000_000  # bytes: a release takes 600 MB, pip's temporary files as much again


@dataclass(frozen=True)
class Release:
    folder: Path

    @property
    def complete(self) -> bool:
        return self._seal.exists()

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "edge-agent"

    @property
    def share(self) -> Path:
        """The configuration samples, policies, units and models that came with it."""
        (share,) = self.folder.glob("lib/python3*/site-packages/edge_agent/_share")
        return share

    @property
    def takes_credentials(self) -> bool:
        """Whether its services take their keys from systemd; those of 2026 and before looked for files of theirs."""
        units = self.folder.glob("lib/python3*/site-packages/edge_agent/_share/systemd/edge-agent-kiosk.service")
        return any("LoadCredential=" in unit.read_text("utf-8") for unit in units)

    @property
    def _seal(self) -> Path:
        return self.folder / ".complete"

    def seal(self) -> None:
        self._seal.touch()


def current(layout: Layout) -> Release | None:
    release = Release(layout.current.resolve())
    return release if layout.current.is_symlink() and release.complete else None


def build(source: Source, layout: Layout) -> Release:
    """The release of this source: the one that is there, or a new one. One that was left half built is built anew."""
    release = Release(layout.versions / source.release)
    if release.complete:
        return release
    try:
        layout.versions.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RefusalError(
            f"{layout.home} 不可写：{error.strerror}。请检查磁盘是否只读",
            f"{layout.home} can't be written: {error.strerror}. Look whether the disk is mounted read-only",
        ) from error
    free = shutil.disk_usage(layout.versions).free
    if free < SPACE:
        raise RefusalError(
            f"磁盘空间不足：{layout.versions} 需要 {SPACE // 10**6} MB，只剩 {free // 10**6} MB，请先清理",
            f"Not enough disk space: {layout.versions} needs {SPACE // 10**6} MB, has {free // 10**6}",
        )
    say(f"安装 {release.folder.name}（约需几分钟）", "installing, this takes some minutes")
    if release.folder.exists():
        shutil.rmtree(release.folder)
    try:
        _fill(release, source)
        _bring_models(release, source, current(layout))
    except subprocess.CalledProcessError as error:
        shutil.rmtree(release.folder, ignore_errors=True)
        raise RefusalError(
            f"安装失败：{complaint(error)}。请检查网络与系统时间后重试，没有网络时用 --offline 安装包",
            f"Installing failed: {complaint(error)}. Check network and clock and try again, or use --offline BUNDLE",
        ) from error
    release.seal()
    return release


def activate(release: Release, layout: Layout) -> None:
    """Make it the current one; a link is replaced by a rename, so there is no moment without one."""
    new = layout.home / "current.new"
    new.unlink(missing_ok=True)
    new.symlink_to(release.folder.relative_to(layout.home))
    new.replace(layout.current)


def prune(layout: Layout, keep: set[Path]) -> None:
    """Remove all releases but these and the newest others, up to two in all."""
    others = [path for path in layout.versions.iterdir() if path not in keep]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[max(0, KEPT - len(keep)) :]:
        shutil.rmtree(path)


def _fill(release: Release, source: Source) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", release.folder)
    python = release.folder / "bin" / "python"
    if source.wheels:
        (pip,) = source.wheels.glob("pip-*.whl")
        offline = ("--no-index", "--find-links", source.wheels)
        run(python, pip / "pip", "install", *offline, f"edge_agent=={source.version}")
    else:
        run(python, "-m", "ensurepip")
        install = (python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
        run(*install, "--require-hashes", "-r", source.folder / "config" / "constraints" / "build.txt")
        lock = source.folder / "config" / "constraints" / "runtime.txt"
        run(*install, "--require-hashes", "--only-binary=:all:", "-r", lock)
        run(*install, "--no-deps", "--no-build-isolation", source.folder)
    run(release.command, "--version")


def _bring_models(release: Release, source: Source, old: Release | None) -> None:
    """The weights of the release before are most often the same; each is checked by its sum."""
    for folder in [source.folder, *([old.share] if old else [])]:
        for path in (folder / "models").iterdir():
            if path.suffix in WEIGHTS:
                shutil.copy(path, release.share / "models")
    run(release.command, "models", "fetch")
