"""TLS: who is believed, over HTTPS and at a broker that asks for user and password."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from edge_agent.central.addresses import open_database
from edge_agent.central.authority import Authority
from edge_agent.errors import InputError
from edge_agent.sync.contract.http import Provisioned
from edge_agent.sync.enrol import keep
from edge_agent.sync.trust import tls_context
from edge_agent.sync.web import LineError, Web
from tests.servers import Mosquitto
from tests.servers import program as find
from tests.sync.world import Device, eventually, program


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


def _authority(folder: Path) -> Authority:
    return Authority(folder, datetime.now(UTC))


def _certify(authority: Authority, folder: Path) -> tuple[Path, Path]:
    key, certificate = authority.certify_server(["localhost"], datetime.now(UTC))
    folder.mkdir(exist_ok=True)
    (folder / "server.key").write_text(key)
    (folder / "server.pem").write_text(certificate)
    return folder / "server.pem", folder / "server.key"


@contextmanager
def https(certificate: Path, key: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_server_of_an_unknown_authority_is_refused_and_a_named_one_believed(tmp_path: Path) -> None:
    known = _authority(tmp_path / "known")
    with https(*_certify(known, tmp_path / "server")) as url:
        for ca in (None, _authority(tmp_path / "other").file):
            with pytest.raises(LineError, match="CERTIFICATE_VERIFY_FAILED"):
                Web(ca=ca).ask("GET", url)
        assert Web(ca=known.file).ask("GET", url).data == b"ok"
        with pytest.raises(LineError, match="match"):
            Web(ca=known.file).ask("GET", url.replace("localhost", "127.0.0.1"))


def test_what_provision_was_told_to_believe_is_believed_from_then_on(tmp_path: Path) -> None:
    """The centre's HTTPS may bear another authority's certificate than its broker."""
    private, own = _authority(tmp_path / "private"), _authority(tmp_path / "own")
    folder = Device(tmp_path / "device").folder
    given = Provisioned(
        tenant="jinan",
        agent="ea-1",
        mqtt="mqtts://x",
        http="https://x",
        keys=["0" * 64],
        certificate="",
        authority=own.pem,
    )
    keep(folder, given, ca=private.file)
    for authority in (private, own):
        with https(*_certify(authority, tmp_path / "server")) as url:
            assert Web(ca=folder.authority).ask("GET", url).data == b"ok"
    assert tls_context(folder.authority).cert_store_stats()["x509_ca"] >= 2


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(InputError, match=r"ca\.pem"):
        tls_context(tmp_path / "ca.pem")


def test_a_broker_that_asks_for_user_and_password_over_tls(tmp_path: Path) -> None:
    authority = _authority(tmp_path / "authority")
    certificate, key = _certify(authority, tmp_path / "server")
    passwords, broker = tmp_path / "passwords", tmp_path / "broker"
    broker.mkdir()
    subprocess.run([find("mosquitto_passwd", package="mosquitto"), "-b", "-c", passwords, "ea-1", "s3cret"], check=True)
    lines = (f"password_file {passwords}", f"certfile {certificate}", f"keyfile {key}", "allow_anonymous false")
    database = open_database(str(tmp_path / "central.db"))
    device = Device(tmp_path / "device")
    with Mosquitto(broker, *lines) as server:
        identity = device.provision(database, tmp_path / "keys", f"mqtts://localhost:{server.port}")
        device.folder.write_certificates("", authority.pem)
        device.folder.certificate.unlink()
        device.folder.write(msgspec.structs.replace(identity, user="ea-1", password="wrong"))
        log = tmp_path / "sync.log"
        with program(log, "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(device.root)):
            assert eventually(lambda: "Not authorized" in log.read_text())
        device.folder.write(msgspec.structs.replace(identity, user="ea-1", password="s3cret"))
        with program(log, "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(device.root)):
            assert eventually(lambda: "connected to the broker" in log.read_text()), log.read_text()
    database.close()
