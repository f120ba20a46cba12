"""Everything an installation needs in one file, for a venue without internet: `./install.sh bundle`."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edge_agent.appliance.shell import run
from edge_agent.appliance.source import WEIGHTS, Source
from edge_agent.appliance.talk import RefusalError

SUMS = "SHA256SUMS"
FACTS = "bundle.json"
TAKEN = ("edge_agent", "config", "models", "systemd")
TAKEN_FILES = ("install.sh", "pyproject.toml", "README.md", "LICENSE")


def make(source: Source, output: Path, *, machine: str, python: str) -> Path:
    """Write the bundle for machines of one kind (x86_64 or aarch64) with one Python (3.11 to 3.13)."""
    name = f"edge_agent-{source.version}-{machine}-py{python}"
    with tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        folder = Path(scratch) / name
        folder.mkdir()
        for each in TAKEN:
            shutil.copytree(source.folder / each, folder / each, ignore=shutil.ignore_patterns("__pycache__"))
        for each in TAKEN_FILES:
            shutil.copy(source.folder / each, folder / each)
        run(sys.executable, "-m", "edge_agent", "models", "fetch", "--folder", folder / "models")
        _collect_wheels(folder, machine, python)
        for path in (folder / "models").iterdir():
            if path.suffix in WEIGHTS:  # our wheel carries them
                path.unlink()
        facts = {"version": source.version, "machine": machine, "python": python}
        (folder / FACTS).write_text(json.dumps(facts))
        sums = "".join(f"{digest}  {path}\n" for path, digest in _digests(folder))
        (folder / SUMS).write_text(sums)
        file = output / f"{name}.tar"  # wheels are compressed already
        with tarfile.open(file, "w") as archive:
            archive.add(folder, arcname=name)
    return file


def unpack(bundle: Path, into: Path) -> Source:
    """Open a bundle, each file checked by its sum. Raises `RefusalError` for a damaged one and another machine's."""
    try:
        with tarfile.open(bundle) as archive:
            # Pythons before 3.11.4 don't know filters; what they would refuse is refused below as well.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            for member in archive:
                if not (member.isfile() or member.isdir()) or ".." in Path(member.name).parts or member.name[0] == "/":
                    raise RefusalError(f"{bundle} 不是有效的安装包", f"{bundle} is no bundle: {member.name}")
                archive.extract(member, into)
        (folder,) = into.iterdir()
        wanted = (folder / SUMS).read_text("utf-8")
        facts = json.loads((folder / FACTS).read_text("utf-8"))
    except (OSError, ValueError, EOFError, tarfile.TarError) as error:
        raise RefusalError(
            f"{bundle} 无法打开：{error}", f"{bundle} can't be opened, copy it again: {error}"
        ) from error
    if wanted != "".join(f"{digest}  {path}\n" for path, digest in _digests(folder)):
        raise RefusalError(f"{bundle} 已损坏，请重新复制", f"{bundle} is damaged, copy it again")
    here = (platform.machine(), f"{sys.version_info[0]}.{sys.version_info[1]}")
    if (facts["machine"], facts["python"]) != here:
        raise RefusalError(
            f"安装包适用于 {facts['machine']}、Python {facts['python']}，本机是 {here[0]}、Python {here[1]}",
            f"The bundle is for {facts['machine']} with Python {facts['python']}, this is {here[0]} with {here[1]}",
        )
    return Source(folder)


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS):
        yield str(path.relative_to(folder)), hashlib.sha256(path.read_bytes()).hexdigest()


def _collect_wheels(folder: Path, machine: str, python: str) -> None:
    """Ours is built from the folder, so it carries the models."""
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip"]
    platforms = [f"--platform=manylinux_2_{minor}_{machine}" for minor in (36, 34, 31, 28, 27, 24, 17)]
    platforms.append(f"--platform=manylinux2014_{machine}")
    with tempfile.TemporaryDirectory(prefix="locks-") as scratch:
        lock = Path(scratch) / "lock.txt"
        pins = dict(_pins(folder / "config" / "constraints" / "runtime.txt", python))
        pins["pip"] = dict(_pins(folder / "config" / "constraints" / "build.txt", python))["pip"]
        lock.write_text("".join(pins.values()))
        target = ["--only-binary=:all:", *platforms, f"--python-version={python}", "--implementation=cp"]
        run(*pip, "download", "--no-deps", "--require-hashes", "--dest", wheels, *target, "-r", lock)
    run(*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, folder)


def _pins(lock: Path, python: str) -> Iterator[tuple[str, str]]:
    """The pins that hold for this Python, by name, without their conditions.

    pip's `--python-version` picks wheels for another Python, but reads conditions by the Python that it runs under.
    """
    text = re.sub(r"^ *#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    for name, pin, condition, sums in re.findall(
        r"^([a-z0-9.-]+)(==[^ ]+) (?:; (.+?) )?\\\n((?: +--hash=.+\n)+)", text, re.MULTILINE
    ):
        if _holds(condition, python):
            yield name, f"{name}{pin} \\\n{sums}"


def _holds(condition: str, python: str) -> bool:
    if found := re.fullmatch(r"python_full_version (<|>=) '(\d+)\.(\d+)'", condition):
        ours, bound = tuple(int(part) for part in python.split(".")), (int(found[2]), int(found[3]))
        return ours < bound if found[1] == "<" else ours >= bound
    return condition != "sys_platform == 'win32'"  # the others say: not PyPy
