"""Releases to install: small checkouts with a wheel of their own, so that nothing is fetched."""

from __future__ import annotations

import ensurepip
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge_agent import __version__
from edge_agent.appliance.bundle import TAKEN, TAKEN_FILES
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.source import WEIGHTS, Source
from tests.appliance.manager import ServiceManager
from tests.data import ROOT
from tests.servers import free_port

Change = Callable[[Path], None]


@pytest.fixture(scope="session")
def make_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Source]:
    """Give `make(version, *changes)`: the checkout as that version, after each change of its folder."""
    subprocess.run([sys.executable, "-m", "edge_agent", "models", "fetch"], cwd=ROOT, check=True, capture_output=True)
    weights = [path.name for path in (ROOT / "models").iterdir() if path.suffix in WEIGHTS]
    made: dict[str, Source] = {}

    def make(version: str, *changes: Change) -> Source:
        if version in made:
            return made[version]
        folder = tmp_path_factory.mktemp("source")
        for name in (*TAKEN, *TAKEN_FILES):
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", *weights))
            else:
                shutil.copy(ROOT / name, folder)
        replace(folder / "edge_agent/__init__.py", __version__, version)
        for change in changes:
            change(folder)
        wheels = folder / "wheels"
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*pip, "--wheel-dir", wheels, folder], check=True)
        # Debian keeps the wheels of ensurepip in a place of its own.
        bundled = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
        shutil.copy(next(Path(bundled).glob("pip-*.whl")), wheels)
        for path in weights:  # beside the wheel, not in it: packing them takes seconds
            shutil.copy(ROOT / "models" / path, folder / "models")
        return made.setdefault(version, Source(folder))

    return make


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """An empty device, whose releases find the dependencies where the tests find them.

    Not under pytest's folders: the address of a Unix socket has room for 107 bytes.
    """
    monkeypatch.setenv("PIP_NO_DEPS", "1")
    monkeypatch.setenv("PYTHONPATH", sysconfig.get_path("purelib"))
    folder = tempfile.TemporaryDirectory(prefix="device-")
    layout = Layout(Path(folder.name))
    layout.config.parent.mkdir(parents=True)
    data, port = layout.root / "var/lib/edge_agent", free_port()
    layout.config.write_text(f'[store]\ndata_dir = "{data}"\n[web]\nport = {port}\ntls_port = 0\n')
    yield layout
    folder.cleanup()


@pytest.fixture
def manager(layout: Layout) -> Iterator[ServiceManager]:
    manager = ServiceManager(layout)
    yield manager
    manager.close()


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
