"""Upgrades ordered by the centre: off by default, fetched whole, and believed by root only as signed."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner, Result

from edge_agent import __version__
from edge_agent.cli.main import app
from edge_agent.serve.errands import Errands
from edge_agent.sync.contract.codes import Code
from edge_agent.sync.contract.signing import Signer
from edge_agent.sync.release import Fetcher
from edge_agent.sync.web import Web
from tests.sync.office import CENTRE, Office
from tests.sync.world import NOW


def _bundle(out: Path, *, code: int = 0) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        script = f'#!/bin/bash\necho "$1 $2" > "{out}"\ncmp "$3" "$3" || exit 9\nexit {code}\n'.encode()
        for name, content in (("edge_agent-9/install.sh", script), ("edge_agent-9/wheels/big.whl", bytes(300_000))):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


class Shop(BaseHTTPRequestHandler):
    """Serves one file; the first connection breaks off in the middle."""

    content: ClassVar[bytes] = b""
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        begin = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.asked.append(self.headers.get("Range", ""))
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(self.content) - begin))
        self.end_headers()
        end = len(self.content) if len(self.asked) > 1 else 100_000
        self.wfile.write(self.content[begin:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    Shop.content, Shop.asked = _bundle(tmp_path / "asked"), []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/edge_agent-9.tar"
    server.shutdown()
    thread.join()
    server.server_close()


def _allow(office: Office) -> None:
    (office.device.root / "upgrade.keys").write_text(CENTRE.public.public_bytes_raw().hex() + "\n")


def _order(office: Office, url: str, **changes: Any) -> Any:
    wanted = {"version": "9.0.0", "sha256": hashlib.sha256(Shop.content).hexdigest(), "url": url}
    return office.send("upgrade", **(wanted | changes))


def _fetch(office: Office) -> Any:
    fetcher = Fetcher(office.releases, Web(), office.clock, threading.Event())
    errands = Errands(office.agent.writer, {"upgrade": fetcher.fetch})
    errands.tick(office.reader)
    errands.close()
    (answer,) = office.desk.poll()
    return answer


def _install(office: Office, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.setenv("EDGE_AGENT_STORE__DATA_DIR", str(office.device.root))
    monkeypatch.setenv("EDGE_AGENT_SYNC__UPGRADE_KEYS", str(office.device.root / "upgrade.keys"))
    monkeypatch.setattr("edge_agent.cli.release.make_clock", lambda _settings: office.clock)
    return CliRunner().invoke(app, ["release", "install"])


def test_a_device_takes_no_orders_until_its_administrator_names_the_keys(office: Office) -> None:
    assert _order(office, "http://x/y").code is Code.UNSUPPORTED
    _allow(office)
    assert _order(office, "").code is Code.INVALID
    assert _order(office, "http://x/y", version=__version__).code is Code.STALE
    assert _order(office, "http://x/y").result == "taken"
    (office.device.root / "upgrade.keys").write_text(Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex())
    assert _order(office, "http://x/y").code is Code.BAD_SIGNATURE


def test_a_bundle_is_fetched_over_a_broken_line_and_installed_by_root(
    office: Office, shop: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _allow(office)
    assert "No upgrade" in _install(office, monkeypatch).stderr
    assert _order(office, shop).result == "taken"
    answer = _fetch(office)
    assert (answer.result, answer.data) == ("done", {"version": "9.0.0", "fetched": len(Shop.content)})
    assert [bool(asked) for asked in Shop.asked] == [False, True]  # it went on where the line broke
    done = _install(office, monkeypatch)
    assert (done.exit_code, "9.0.0" in done.stdout) == (0, True), done.output
    assert (tmp_path / "asked").read_text().split() == ["upgrade", "--offline"]
    assert list(office.releases.folder.iterdir()) == []


def test_other_bytes_than_ordered_are_thrown_away(office: Office, shop: str) -> None:
    _allow(office)
    _order(office, shop, sha256="0" * 64)
    answer = _fetch(office)
    assert (answer.result, "SHA-256" in answer.reason) == ("failed", True)
    assert not office.releases.ready.exists()
    assert not office.releases.bundle("0" * 64).exists()


@pytest.mark.parametrize("harm", ["bundle", "order", "key", "late"])
def test_root_believes_nothing_that_the_service_could_have_changed(
    office: Office, shop: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: str
) -> None:
    _allow(office)
    _order(office, shop)
    _fetch(office)
    if harm == "bundle":
        office.releases.bundle(hashlib.sha256(Shop.content).hexdigest()).write_bytes(_bundle(tmp_path / "evil"))
    elif harm == "order":
        text = office.releases.ready.read_text()
        office.releases.ready.write_text(text.replace("9.0.0", "9.9.9"))
    elif harm == "key":
        stranger = Signer(Ed25519PrivateKey.generate())
        letter = office.letter("upgrade", signer=stranger, version="9.0.0", sha256="0" * 64, url="http://x")
        office.releases.ready.write_bytes(letter)
    else:
        office.clock.advance(7200)
    done = _install(office, monkeypatch)
    assert done.exit_code != 0
    assert not (tmp_path / "asked").exists()
    assert list(office.releases.folder.iterdir()) == []


def test_a_release_that_goes_back_is_said(office: Office, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _allow(office)
    Shop.content = _bundle(office.device.root / "asked", code=1)
    _order(office, shop)
    _fetch(office)
    done = _install(office, monkeypatch)
    assert (done.exit_code, "was not installed" in done.stderr) == (5, True)
    assert office.clock.stamp().wall >= NOW
