"""The device's certificate is renewed whatever is killed in between, and never on the word of a wrong clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from edge_agent.central.app import HttpServer, create_app
from edge_agent.central.centre import Centre, Config
from edge_agent.central.enrolment import make_token
from edge_agent.clock import SettableClock
from edge_agent.sync.certificate import renew_after, signing_request
from edge_agent.sync.contract.http import ProvisionRequest, bearer
from edge_agent.sync.enrol import CentreClient, keep
from edge_agent.sync.identity import Identity, IdentityFolder
from edge_agent.sync.renewal import Renewal

LIFE = timedelta(days=825)
DUE = timedelta(days=560)


class Site:
    """A centre that keeps today's time, and a device whose clock is a test's."""

    def __init__(self, root: Path) -> None:
        self.clock = SettableClock(datetime.now(UTC))
        self.centre = Centre(
            Config(str(root / "central.db"), "mqtt://x", str(root / "kept"), keys=root / "keys", spool=root / "spool"),
            clock=self.clock,
        )
        self.server = HttpServer(create_app(self.centre), "127.0.0.1", 0)
        self.server.start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.folder = IdentityFolder(root / "device")
        with self.centre.database.write() as tx:
            token = make_token(tx, "jinan", agent="", venue="", now=self.clock.stamp().wall)
        request = ProvisionRequest(token=token, csr=signing_request(self.folder.private_key(), "new"), agent="")
        client = CentreClient(self.url)
        keep(self.folder, client.provision(request))
        client.close()

    def tick(self, *, off: timedelta = timedelta(0)) -> None:
        """Look once, as after a restart, with a device's clock that is `off` that of the centre."""
        clock = SettableClock(self.clock.stamp().wall + off)
        signer, identity = self.folder.signer(), self.identity
        client = CentreClient(self.url, authorize=lambda: bearer(signer, identity.address, clock.stamp().wall))
        Renewal(self.folder, client, clock).tick()
        client.close()

    @property
    def identity(self) -> Identity:
        identity = self.folder.read()
        assert identity is not None
        return identity

    @property
    def certificate(self) -> str:
        return self.folder.certificate.read_text("ascii")

    @property
    def issued(self) -> int:
        with self.centre.database.read() as tx:
            return len(tx.rows("SELECT serial FROM certificates"))

    def close(self) -> None:
        self.server.stop()
        self.centre.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def _killed(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def test_a_kill_before_the_new_certificate_is_written_leaves_the_old_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = site.certificate
    site.clock.advance(DUE.total_seconds())
    with monkeypatch.context() as patch:
        patch.setattr(site.folder, "write_certificate", _killed)
        with pytest.raises(KeyboardInterrupt):
            site.tick()
    assert site.certificate == old
    site.tick()
    assert site.certificate != old
    assert site.issued == 3  # the one that nobody has ends by itself


def test_a_kill_before_the_note_of_it_asks_for_no_third_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.tick()
    noted = site.identity.renew_after
    site.clock.advance(DUE.total_seconds())
    with monkeypatch.context() as patch:
        patch.setattr(site.folder, "change", _killed)
        with pytest.raises(KeyboardInterrupt):
            site.tick()
    assert site.identity.renew_after == noted
    site.tick()
    assert site.identity.renew_after == renew_after(site.certificate)
    assert site.issued == 2


@pytest.mark.parametrize("off", [timedelta(days=600), timedelta(days=3000), timedelta(days=-9000)])
def test_a_wrong_clock_of_the_device_changes_nothing(site: Site, off: timedelta) -> None:
    old = site.certificate
    site.tick(off=off)
    assert (site.certificate, site.issued) == (old, 1)
    site.tick()
    assert (site.certificate, site.issued) == (old, 1)
    assert site.identity.renew_after == renew_after(old)


def test_a_device_that_lay_in_a_cupboard_until_its_certificate_ended_renews_it(site: Site) -> None:
    old = site.certificate
    site.clock.advance((LIFE + timedelta(days=90)).total_seconds())
    site.tick()
    assert site.certificate != old
    assert renew_after(site.certificate) > site.clock.stamp().wall


def test_keys_that_a_command_brought_meanwhile_stay(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    new = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    write = site.folder.write_certificate

    def while_the_centre_is_asked(certificate: str) -> None:
        site.folder.change(lambda known: msgspec.structs.replace(known, keys=[*known.keys, new]))
        write(certificate)

    monkeypatch.setattr(site.folder, "write_certificate", while_the_centre_is_asked)
    site.clock.advance(DUE.total_seconds())
    site.tick()
    assert new in site.identity.keys
    assert site.identity.renew_after == renew_after(site.certificate)


@pytest.mark.parametrize("foreign", [True, False])
def test_what_is_no_certificate_of_our_key_replaces_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch, *, foreign: bool
) -> None:
    """A page of a captive portal; a centre that mixes two devices up."""
    authority = site.centre.authority()
    request = signing_request(Ed25519PrivateKey.generate(), "other")
    made = authority.certify_agent(request, "other", site.clock.stamp().wall)
    answer = made.public_bytes(Encoding.PEM).decode() if foreign else "<html>Welcome to our network</html>"
    monkeypatch.setattr("edge_agent.sync.enrol.CentreClient.renew", lambda *_: answer)
    old = site.certificate
    site.clock.advance(DUE.total_seconds())
    site.tick()
    assert site.certificate == old
    monkeypatch.undo()
    site.tick()
    assert site.certificate != old
