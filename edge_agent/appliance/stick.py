"""What an office prepared for a venue, on a USB stick or the boot partition: configuration and the way to the centre.

    config.toml       the configuration of a device that has none yet, checked as any
    provision.toml    url = "https://...", token = "...", and ca = "centre.pem" where the centre has a CA of its own

The folder is called `edge-agent`, or the file system is labelled EDGE-AGENT. A token works once; so that whoever finds
the stick finds nothing, it is taken off the stick when it has been used.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_agent.appliance.shell import attempt, complaint, run
from edge_agent.appliance.talk import RefusalError, say

LABEL = "EDGE-AGENT"
FOLDER = "edge-agent"
BOOT = ("boot/firmware", "boot")  # a Raspberry Pi's first partition, which any computer can write
_KEYS = {"url", "token", "ca"}


@dataclass(frozen=True)
class Provision:
    """Whom to ask, with which token; `ca` is a certificate on the stick, or None for the system's list."""

    file: Path
    url: str
    token: str
    ca: Path | None


@dataclass(frozen=True)
class Stick:
    folder: Path

    @property
    def config(self) -> Path | None:
        path = self.folder / "config.toml"
        return path if path.is_file() else None

    def provision(self) -> Provision | None:
        """Raises `RefusalError` that names what is wrong with the file."""
        path = self.folder / "provision.toml"
        if not path.is_file():
            return None
        try:
            told = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RefusalError(f"{path} 无法读取：{error}", f"{path} can't be read, mend it: {error}") from error
        if wrong := sorted(told.keys() - _KEYS):
            raise RefusalError(
                f"{path}：不认识 {'、'.join(wrong)}，只能有 url、token、ca",
                f"{path}: unknown key {', '.join(wrong)}; there are url, token and ca",
            )
        for key in ("url", "token"):
            if not isinstance(told.get(key), str) or not told[key].strip():
                raise RefusalError(f"{path}：缺少 {key}", f"{path}: {key} is missing")
        ca = self.folder / str(told["ca"]) if "ca" in told else None
        if ca is not None and not ca.is_file():
            raise RefusalError(f"{path}：找不到 {ca.name}", f"{path}: there is no {ca.name} beside it")
        return Provision(path, told["url"].strip(), told["token"].strip(), ca)


@contextmanager
def find_stick(given: Path | None, root: Path) -> Iterator[Stick | None]:
    """Give the folder that was named, or the one on the boot partition, or the file system of our label, mounted."""
    if given is not None:
        if not given.is_dir():
            raise RefusalError(f"找不到文件夹 {given}", f"There is no folder {given}")
        yield Stick(_inner(given))
        return
    for place in BOOT:
        if (root / place / FOLDER).is_dir():
            yield Stick(root / place / FOLDER)
            return
    device = Path("/dev/disk/by-label") / LABEL
    if root != Path("/") or not device.exists():
        yield None
        return
    with TemporaryDirectory(prefix="edge-agent-stick-") as mounted:
        try:
            run("mount", "-o", "nosuid,nodev,noexec", device.resolve(), mounted)
        except subprocess.CalledProcessError as error:
            raise RefusalError(
                f"U 盘 {LABEL} 无法挂载：{complaint(error)}", f"The stick {LABEL} can't be mounted: {complaint(error)}"
            ) from error
        try:
            yield Stick(_inner(Path(mounted)))
        finally:
            run("umount", mounted)


def join_centre(provision: Provision, command: Path, config: Path) -> None:
    """Enrol at the centre, and take the used token off the stick. Raises `RefusalError` with the centre's answer.

    `command` is `edge-agent`, which may run as a user who can't read the stick; so the CA's file is copied.
    """
    arguments: list[str | Path] = ["--url", provision.url, "--token", provision.token]
    if provision.ca is not None:
        ca = config.with_name("centre-ca.pem")
        shutil.copyfile(provision.ca, ca)
        ca.chmod(0o644)
        arguments += ["--ca", ca]
    done = attempt(command, "provision", *arguments, env={"EDGE_AGENT_CONFIG": str(config)})
    if done.returncode:
        why = " ".join(done.stderr.split()) or str(done.returncode)
        raise RefusalError(
            f"已安装，但没有接入中心：{why}。排除后重新运行本命令",
            f"Installed, but it could not join the centre: {why}. Mend the cause and run this again",
        )
    say(f"已接入中心 {provision.url}", "the centre knows this device")
    with suppress(OSError):  # a stick may be read-only; the token is worth nothing any more
        provision.file.unlink()


def _inner(folder: Path) -> Path:
    return folder / FOLDER if (folder / FOLDER).is_dir() else folder
