"""`edge-agent release install`: switch to the release that the centre ordered. Root's unit runs it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import typer

from edge_agent.errors import DeviceError, InputError
from edge_agent.serve.agent import make_clock
from edge_agent.settings import load_settings
from edge_agent.sync.identity import IdentityFolder
from edge_agent.sync.release import Releases

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_NEEDED = {"install.sh", "edge_agent"}
"""Of a bundle, to install it; its installer unpacks and verifies the rest."""


@app.callback()
def main() -> None:
    """升级 / releases that the centre orders."""


@app.command()
def install() -> None:
    """安装中心下发的版本 / verify the order once more and install what it names, outside of lessons."""
    settings = load_settings()
    releases = Releases(settings.store.data_dir, settings.sync.upgrade_keys)
    identity = IdentityFolder(settings.store.data_dir).read()
    if identity is None:
        raise InputError("This device is no agent of a centre (未接入中心).", do="Run edge-agent provision.")
    try:
        order = releases.read_ready(identity.address, make_clock(settings).stamp().wall)
        with tempfile.TemporaryDirectory(prefix="edge-agent-release-") as scratch:
            # Copied first and summed then: the folder that it came from is another user's.
            bundle = Path(scratch) / "bundle.tar"
            shutil.copyfile(releases.bundle(order.sha256), bundle)
            with bundle.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != order.sha256:
                    raise InputError(f"{order.version}: the bundle is not the one that was ordered (安装包不符).")
            installer = _unpack(bundle, Path(scratch) / "installer")
            done = subprocess.run(["/bin/bash", installer, "upgrade", "--offline", bundle], check=False)  # noqa: S603 - verified above
    finally:
        releases.clear()  # one order, one attempt: the installer goes back by itself
    if done.returncode:
        raise DeviceError(f"{order.version} was not installed (升级未成功).", do="See the journal of this unit.")
    print(f"{order.version}: 已安装 / installed")


def _unpack(bundle: Path, into: Path) -> Path:
    """Take the installer out of a bundle; give its script."""
    with tarfile.open(bundle) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Pythons before 3.11.4 know none
        for member in archive:
            parts = Path(member.name).parts
            if len(parts) > 1 and parts[1] in _NEEDED and ".." not in parts and (member.isfile() or member.isdir()):
                archive.extract(member, into)
    scripts = list(into.glob("*/install.sh"))
    if len(scripts) != 1:
        raise InputError("The bundle holds no installer (安装包无效).", do="Make it with ./install.sh bundle.")
    return scripts[0]
