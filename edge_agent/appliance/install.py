"""Install, upgrade with a way back, uninstall."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_agent.appliance import database
from edge_agent.appliance.host import Host
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import Release, activate, build, current, prune
from edge_agent.appliance.shell import attempt
from edge_agent.appliance.source import Source
from edge_agent.appliance.talk import RefusalError, say

BUILT_AFTER = 1_767_225_600  # 2026-01-01: an earlier clock is wrong, and no certificate would be accepted


def install(
    source: Source,
    layout: Layout,
    host: Host,
    config: Path | None = None,
    *,
    now: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Release:
    """Install the source's release, or upgrade to it; `now` does not wait for the end of a lesson.

    Doing it again changes nothing. A release that does not become healthy gives way to the one before.
    """
    if not source.wheels and time.time() < BUILT_AFTER:
        raise RefusalError(
            "系统时间不对，请先校时（timedatectl set-time 或联网对时）",
            "The clock is wrong: set it with timedatectl set-time",
        )
    with _alone(layout):
        new, old = build(source, layout), current(layout)
        _configure(new, layout, config)
        if old is None or old.folder == new.folder:
            _begin(new, layout, host)
        else:
            if not now:
                _wait_until_idle(old, layout, pause)
            _upgrade(old, new, layout, host)
        prune(layout, {new.folder})
    return new


def uninstall(layout: Layout, host: Host) -> None:
    """Take the program away; evidence, configuration and users stay."""
    with _alone(layout):
        release = current(layout)
        if release is None:
            raise RefusalError("没有安装 edge_agent", "edge_agent is not installed")
        host.stop()
        host.forget(release)
        shutil.rmtree(layout.home)


def _begin(release: Release, layout: Layout, host: Host) -> None:
    activate(release, layout)
    host.adopt(release)
    host.start()
    if fault := host.fault():
        raise RefusalError(
            f"已安装，但服务没有正常运行：{fault}。排除后重新运行本命令",
            f"Installed, but not healthy: {fault}. Mend the cause and run this again",
        )


def _upgrade(old: Release, new: Release, layout: Layout, host: Host) -> None:
    say(f"由 {old.folder.name} 升级到 {new.folder.name}", "upgrading")
    host.stop()
    try:
        copy = database.keep(layout.database)
    except RefusalError:
        host.start()
        raise
    try:
        _begin(new, layout, host)
    except (RefusalError, subprocess.CalledProcessError) as error:
        say("新版本没有正常运行，恢复旧版本", "the new release is not healthy, going back")
        host.stop()
        database.put_back(layout.database, copy)
        _begin(old, layout, host)
        raise RefusalError(
            f"升级没有成功，旧版本 {old.folder.name} 已恢复运行", f"Not upgraded, {old.folder.name} runs again: {error}"
        ) from error
    finally:
        if copy:
            copy.unlink(missing_ok=True)


def _configure(release: Release, layout: Layout, given: Path | None) -> None:
    """Put the configuration there, the given one or a sample, and have the new release check it."""
    if given or not layout.config.exists():
        layout.config.parent.mkdir(parents=True, exist_ok=True)
        part = layout.config.with_suffix(".new")
        try:
            shutil.copyfile(given or release.share / "config" / "config.toml", part)
            _check(release, part)
            part.replace(layout.config)
        finally:
            part.unlink(missing_ok=True)
    else:
        _check(release, layout.config)


def _check(release: Release, config: Path) -> None:
    found = _ask(release, config, "settings")
    if found.returncode:
        raise RefusalError("配置文件有误：", f"The configuration is wrong: {found.stderr.strip()}")


def _wait_until_idle(release: Release, layout: Layout, pause: Callable[[float], None]) -> None:
    """Wait for the end of a lesson, and for ten minutes without one."""
    told = ""
    while (found := _ask(release, layout.config, "idle", "--minutes", "10", "--json")).returncode == 0:
        answer = json.loads(found.stdout)
        if answer["idle"]:
            return
        if answer["until"] != told:
            told = answer["until"]
            say(
                f"正在上课或即将上课，{told} 后升级",
                f"waiting for the end of the lesson at {told}; --now does not wait",
            )
        pause(30)
    # A release that can't answer is not recording either.


def _ask(release: Release, config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return attempt(release.command, *arguments, env={"EDGE_AGENT_CONFIG": str(config)})


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """One installation at a time; a lock that dies with its process."""
    try:
        layout.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = layout.lock.open("w")
    except OSError as error:
        raise RefusalError(
            f"{layout.lock.parent} 不可写：{error.strerror}", f"{layout.lock.parent} can't be written: {error.strerror}"
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusalError("另一个安装正在进行", "Another installation is at work") from None
        yield
