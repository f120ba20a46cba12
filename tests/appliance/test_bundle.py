"""The offline bundle: made, opened, installed without an index; damaged and foreign ones are refused."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_agent import __version__
from edge_agent.appliance import bundle
from edge_agent.appliance.install import install
from edge_agent.appliance.layout import Layout
from edge_agent.appliance.release import current
from edge_agent.appliance.source import CHECKOUT, Source
from edge_agent.appliance.talk import RefusalError
from tests.appliance.manager import ServiceManager
from tests.data import ROOT

MACHINE = {"machine": platform.machine(), "python": ".".join(platform.python_version_tuple()[:2])}


@pytest.fixture(scope="module")
def packed(make_source: Callable[..., Source], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with one small dependency; `make_source` builds the wheel of ours from the rest."""

    def few(folder: Path) -> None:
        lock = folder / "config" / "constraints" / "runtime.txt"
        pins = re.findall(r"^tabulate==.+\n(?: .+\n)+", lock.read_text(), re.MULTILINE)
        assert len(pins) == 1
        lock.write_text("".join(pins))

    return bundle.make(make_source("2.0.0", few), tmp_path_factory.mktemp("bundle"), **MACHINE)


def test_what_is_installed_without_a_bundle_is_the_checkout_itself() -> None:
    assert (CHECKOUT / "install.sh").samefile(ROOT / "install.sh")
    assert Source(CHECKOUT).version == __version__
    names = {path.relative_to(CHECKOUT).parts[0] for path in Source(CHECKOUT).files()}
    assert names == {"edge_agent", "config", "models", "systemd", "pyproject.toml"}


def test_installs_without_an_index(
    packed: Path, layout: Layout, manager: ServiceManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    manager.services = ()
    source = bundle.unpack(packed, tmp_path / "open")
    assert source.wheels
    assert {path.name.split("-")[0] for path in source.wheels.iterdir()} == {"edge_agent", "pip", "tabulate"}
    assert install(source, layout, manager) == current(layout)


def test_a_damaged_bundle_is_refused(packed: Path, tmp_path: Path) -> None:
    content = bytearray(packed.read_bytes())
    content[len(content) // 2] ^= 1
    damaged = tmp_path / packed.name
    damaged.write_bytes(content)
    with pytest.raises(RefusalError, match="damaged"):
        bundle.unpack(damaged, tmp_path / "open")
    damaged.write_bytes(content[: len(content) // 2])
    with pytest.raises(RefusalError, match="can't be opened"):
        bundle.unpack(damaged, tmp_path / "again")


def test_a_bundle_for_another_machine_is_refused(packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(RefusalError, match=rf"for {MACHINE['machine']} .* this is riscv64"):
        bundle.unpack(packed, tmp_path / "open")


@pytest.mark.parametrize(("python", "networkx"), [("3.11", "3.6"), ("3.12", "3.7"), ("3.13", "3.7")])
def test_pins_are_those_of_the_bundle_s_python(python: str, networkx: str) -> None:
    pins = dict(bundle._pins(ROOT / "config" / "constraints" / "test.txt", python))
    assert pins["networkx"].startswith(f"networkx=={networkx}")
    assert "colorama" not in pins
    assert all(";" not in pin and "--hash=sha256:" in pin for pin in pins.values())
