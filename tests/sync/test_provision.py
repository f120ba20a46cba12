"""A device becomes an agent over HTTP and TLS, with the broker's sample configuration; a broken one is replaced."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from typer.testing import CliRunner

from edge_agent.appliance.stick import Stick, join_centre
from edge_agent.central.addresses import open_database
from edge_agent.central.authority import Authority
from edge_agent.central.database import Database
from edge_agent.cli.main import app
from edge_agent.clock import SettableClock
from edge_agent.model.kinds.attendance import SignedIn
from edge_agent.model.kinds.capture import SnapshotTaken
from edge_agent.model.kinds.system import AlarmCleared, EpochStarted, MediaLost
from edge_agent.model.people import Trainee, TrainingClass
from edge_agent.serve.agent import open_agent, prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.store import attendance, documents, slots, training
from edge_agent.store.facts import check_chain, place, read_facts, read_head
from edge_agent.store.outbox import find_acked, read_backlog
from edge_agent.sync.contract.http import bearer
from edge_agent.sync.enrol import CentreClient
from edge_agent.sync.identity import IdentityFolder
from edge_agent.sync.renewal import Renewal
from tests.data import ROOT
from tests.servers import Mosquitto, free_port
from tests.sync.world import NOW, Program, eventually, program

CONFIG = ROOT / "config" / "mosquitto"


class Broker(Mosquitto):
    """mosquitto with the sample configuration: its paths and ports are this test's."""

    def __init__(self, folder: Path, certificates: Path) -> None:
        super().__init__(folder)
        self.tls = free_port()
        text = (CONFIG / "mosquitto.conf").read_text()
        for old, new in {
            "/etc/mosquitto/certs": str(certificates),
            "/etc/mosquitto": str(CONFIG),
            "listener 8883": f"listener {self.tls}",
            "listener 1883": f"listener {self.port}",
            "per_listener_settings": "user root\nper_listener_settings",
        }.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "mosquitto.conf").write_text(text)


@dataclass
class Site:
    """A centre, its broker, and `edge-agent` as people call it."""

    root: Path
    broker: Broker
    http: int
    database: Database
    centre: Program

    def run(self, *arguments: str, ok: bool = True, data: Path | None = None) -> str:
        environment = {"EDGE_AGENT_STORE__DATA_DIR": str(data)} if data else {}
        done = CliRunner().invoke(app, arguments, env=environment)
        assert (done.exit_code == 0) == ok, done.output
        return done.stdout if ok else done.stderr

    def central(self, *arguments: str, ok: bool = True) -> str:
        where = ("--database", str(self.root / "central.db"), "--keys", str(self.root / "keys"))
        return self.run("central", *arguments, *where, ok=ok)

    def provision(self, data: Path, token: str, *, ok: bool = True) -> str:
        return self.run("provision", "--url", f"http://127.0.0.1:{self.http}", "--token", token, data=data, ok=ok)

    def revoke_at_broker(self) -> None:
        """As the sample configuration says: the new list, and `systemctl reload`."""
        (self.root / "certs" / "agents.crl").write_text(self.central("revocations"))
        self.broker.process.send_signal(signal.SIGHUP)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    root, http = tmp_path_factory.mktemp("site"), free_port()
    where = ["--database", str(root / "central.db"), "--keys", str(root / "keys")]
    names = ("localhost", "127.0.0.1", "--folder", str(root / "certs"))
    CliRunner().invoke(app, ("central", "certificate", *names, *where))
    (root / "certs" / "agents.crl").write_text(CliRunner().invoke(app, ("central", "revocations", *where)).stdout)
    (root / "broker").mkdir()
    with Broker(root / "broker", root / "certs") as broker:
        serve = ["central", "serve", *where, "--mqtt", f"mqtt://127.0.0.1:{broker.port}", "--http", str(http)]
        serve += ["--media", str(root / "kept"), "--spool", str(root / "spool")]
        serve += ["--agents-mqtt", f"mqtts://localhost:{broker.tls}"]
        with program(root / "central.log", *serve) as centre:
            database = open_database(str(root / "central.db"))
            site = Site(root, broker, http, database, centre)
            assert eventually(lambda: "serving" in centre.log.read_text())
            yield site
            database.close()


def _settings(data: Path) -> Settings:
    return Settings(store=Store(data_dir=data))


def _acked(settings: Settings) -> bool:
    """Whether the centre has signed for everything."""
    with open_agent(settings) as agent, agent.reading() as reader:
        return read_backlog(reader, find_acked(reader)).count == 0


def test_a_device_is_provisioned_and_speaks_over_tls(site: Site, tmp_path: Path) -> None:
    data = tmp_path / "device"
    said = site.provision(data, site.central("token", "jinan", "--venue", "一号教室").strip())
    folder = IdentityFolder(data)
    identity = folder.read()
    assert identity is not None
    assert f"jinan/{identity.agent}" in said
    assert folder.key.stat().st_mode & 0o777 == 0o600
    settings = _settings(data)
    with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(data)):
        assert eventually(lambda: _acked(settings)), (tmp_path / "sync.log").read_text()
        ping = tmp_path / "ping.json"
        ping.write_text('{"command": "ping"}')
        answer = json.loads(site.central("send", f"jinan/{identity.agent}", str(ping)))
        assert (answer["result"], answer["data"]["epoch"]) == ("done", 1)
        ping.write_text('{"command": "association", "lesson": "none", "cameras": []}')
        assert "refused" in site.central("send", f"jinan/{identity.agent}", str(ping), ok=False)
    assert site.central("key").split() == list(identity.keys)  # what an administrator puts into upgrade.keys
    assert "used or expired" in site.provision(tmp_path / "second", "no-such-token", ok=False)


def test_a_certificate_is_renewed_in_its_last_third_and_the_broker_takes_the_new_one(
    site: Site, tmp_path: Path
) -> None:
    data = tmp_path / "device"
    site.provision(data, site.central("token", "jinan").strip())
    folder, url = IdentityFolder(data), f"http://127.0.0.1:{site.http}"
    identity = folder.read()
    assert identity is not None
    signer, address = folder.signer(), identity.address

    def tick(days: int, url: str = url) -> bytes:
        clock = SettableClock(datetime.now(UTC) + timedelta(days=days))
        client = CentreClient(url, authorize=lambda: bearer(signer, address, datetime.now(UTC)))
        Renewal(folder, client, clock).tick()
        client.close()
        return folder.certificate.read_bytes()

    first = folder.certificate.read_bytes()
    assert tick(540) == first  # of 825
    assert tick(560, url="http://127.0.0.1:1") == first
    assert tick(560) != first
    renewed = folder.read()
    assert renewed is not None
    assert renewed.renew_after is not None
    assert renewed.renew_after > datetime.now(UTC) + timedelta(days=540)
    modes = {path: path.stat().st_mode & 0o777 for path in (folder.root, folder.certificate, folder.key, folder.file)}
    assert modes == {folder.root: 0o750, folder.certificate: 0o640, folder.key: 0o600, folder.file: 0o600}
    with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(data)):
        assert eventually(lambda: _acked(_settings(data))), (tmp_path / "sync.log").read_text()


def test_what_an_office_put_on_a_stick_joins_a_device_to_its_centre(site: Site, tmp_path: Path) -> None:
    data, config = tmp_path / "device", tmp_path / "config.toml"
    config.write_text(f'[store]\ndata_dir = "{data}"\n')
    token = site.central("token", "jinan").strip()
    (tmp_path / "provision.toml").write_text(f'url = "http://127.0.0.1:{site.http}"\ntoken = "{token}"\n')
    provision = Stick(tmp_path).provision()
    assert provision is not None
    join_centre(provision, Path(sys.executable).with_name("edge-agent"), config)
    assert IdentityFolder(data).known
    assert not provision.file.exists()


def test_a_revoked_agent_is_shut_out_by_broker_and_centre(site: Site, tmp_path: Path) -> None:
    data = tmp_path / "device"
    site.provision(data, site.central("token", "jinan").strip())
    identity = IdentityFolder(data).read()
    assert identity is not None
    site.central("revoke", f"jinan/{identity.agent}")
    site.revoke_at_broker()
    with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(data)):
        assert eventually(lambda: "no connection to the broker" in (tmp_path / "sync.log").read_text())
    assert not _acked(_settings(data))
    again = site.run("provision", "--url", f"http://127.0.0.1:{site.http}", "--token", "x", data=data, ok=False)
    assert "token" in again


def test_the_session_that_a_revoked_agent_has_open_is_cut_and_it_does_not_come_back(site: Site, tmp_path: Path) -> None:
    data, log = tmp_path / "device", tmp_path / "sync.log"
    site.provision(data, site.central("token", "jinan").strip())
    identity = IdentityFolder(data).read()
    assert identity is not None
    with program(log, "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(data)):
        assert eventually(lambda: _acked(_settings(data))), log.read_text()
        site.central("revoke", f"jinan/{identity.agent}")
        site.revoke_at_broker()
        with open_agent(_settings(data)) as agent:
            agent.writer.append(AlarmCleared(alarm="a"))
        assert eventually(lambda: "no connection to the broker" in log.read_text()), log.read_text()
        assert f"ended the session of {identity.agent}" in site.centre.log.read_text()
        assert not _acked(_settings(data))
        assert log.read_text().count("connected to the broker") == 1


def test_an_agent_can_not_take_the_place_of_another_at_the_broker(site: Site, tmp_path: Path) -> None:
    """A client id is a name tag that anybody may wear: the broker takes it from the certificate instead."""
    folders = []
    for name in ("one", "other"):
        site.provision(tmp_path / name, site.central("token", "jinan").strip())
        folders.append(IdentityFolder(tmp_path / name))
    one, other = folders
    identity = one.read()
    assert identity is not None
    log = tmp_path / "sync.log"
    with program(log, "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(tmp_path / "one")) as running:
        assert eventually(lambda: _acked(_settings(tmp_path / "one"))), log.read_text()
        _speak(site, other, "v1/jinan/x/res", client_id=identity.agent)
        with open_agent(_settings(tmp_path / "one")) as agent:
            agent.writer.append(AlarmCleared(alarm="a"))
        assert eventually(lambda: _acked(_settings(tmp_path / "one"))), log.read_text()
        assert running.process.poll() is None
    assert "no connection" not in log.read_text()


def test_a_list_of_revocations_that_nobody_renews_shuts_nobody_out(site: Site, tmp_path: Path) -> None:
    data, now = tmp_path / "device", datetime.now(UTC)
    site.provision(data, site.central("token", "jinan").strip())
    (site.root / "certs" / "agents.crl").write_text(
        Authority(site.root / "keys", now).revocations([], now - timedelta(days=400))
    )
    site.broker.process.send_signal(signal.SIGHUP)
    with program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(data)):
        assert eventually(lambda: _acked(_settings(data))), (tmp_path / "sync.log").read_text()


def test_an_agent_can_not_speak_for_another(site: Site, tmp_path: Path) -> None:
    """The broker's rules: the same client may publish under its own name only."""
    data = tmp_path / "device"
    site.provision(data, site.central("token", "jinan").strip())
    folder, heard = IdentityFolder(data), list[str]()
    identity = folder.read()
    assert identity is not None
    listener = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    listener.on_message = lambda _client, _data, message: heard.append(message.topic)
    listener.connect("127.0.0.1", site.broker.port)
    listener.loop_start()
    assert eventually(listener.is_connected)
    listener.subscribe("v1/+/+/res", qos=1)
    for name in ("ea-another", identity.agent):
        _speak(site, folder, f"v1/jinan/{name}/res")
    assert eventually(lambda: bool(heard))
    assert heard == [f"v1/jinan/{identity.agent}/res"]
    listener.disconnect()
    listener.loop_stop()


def _speak(site: Site, folder: IdentityFolder, topic: str, *, client_id: str = "") -> None:
    """Publish with the device's certificate; mosquitto 2.0 ends the connection of who speaks out of turn."""
    speaker = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    speaker.tls_set(ca_certs=str(folder.authority), certfile=str(folder.certificate), keyfile=str(folder.key))
    speaker.connect("localhost", site.broker.tls)
    speaker.loop_start()
    assert eventually(speaker.is_connected)
    sent = speaker.publish(topic, b"{}", qos=1)
    assert eventually(lambda: sent.is_published() or not speaker.is_connected())
    speaker.disconnect()
    speaker.loop_stop()


def test_a_broken_box_is_replaced_and_gets_back_what_it_had_sent(site: Site, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    site.provision(old, site.central("token", "jinan").strip())
    identity = IdentityFolder(old).read()
    assert identity is not None
    settings = _settings(old)
    snapshot = SnapshotTaken(
        slot="s1", lesson="L1", period=1, slot_kind="opening", camera="c", at=NOW, source="live", media="m-lost",
        sha256="ab" * 32, size=5,
    )  # fmt: skip
    with open_agent(settings) as agent:
        course = TrainingClass("c1", "JN-1", "焊工", "technical", NOW.date(), NOW.date(), 40)
        tap = SignedIn(unit="L1/1", class_id="c1", lesson="L1", trainee="t1", at=NOW, method="manual", visit="v1")
        agent.writer.run(lambda tx: training.save_class(tx, course, by="a"))
        agent.writer.run(lambda tx: training.save_trainees(tx, [Trainee("t1", "c1", "王伟", "370102199003071234")]))
        agent.writer.run(lambda tx: documents.save_roster(tx, "c1", by="a"))
        agent.writer.run(lambda tx: attendance.record(tx, tap))
        agent.writer.run(lambda tx: slots.note_taken(tx, snapshot))
        with agent.reading() as reader:
            bodies = [fact.body for fact in read_facts(reader)]
    with program(tmp_path / "old.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(old)):
        assert eventually(lambda: _acked(settings) and _documents(site) == 1)

    token = site.central("token", "jinan", "--agent", identity.agent).strip()
    said = site.provision(new, token)
    assert "m-lost" in said
    with open_agent(_settings(new)) as agent, agent.reading() as reader:
        assert [fact.body for fact in read_facts(reader)][: len(bodies)] == bodies
        assert list(check_chain(reader)) == []
        (epoch,) = [fact for fact in read_facts(reader, kinds=(EpochStarted.KIND,)) if fact.data["cause"] == "replaced"]
        assert (epoch.epoch, epoch.data["old_epoch"]) == (2, 1)
        (lost,) = read_facts(reader, kinds=(MediaLost.KIND,))
        assert (lost.data["media"], lost.data["cause"]) == ("m-lost", "replaced_device")
        assert [tap.trainee for tap in attendance.of_trainee(reader, "t1")] == ["t1"]
        assert training.get_trainee(reader, "t1").name == "王伟"
        assert training.get_class(reader, "c1") == course
        assert [state.state for state in slots.of_lesson(reader, "L1")] == ["taken"]
        assert place(find_acked(reader))[0] == 1
    with program(tmp_path / "new.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(new)):
        assert eventually(lambda: _acked(_settings(new))), (tmp_path / "new.log").read_text()
    with open_agent(_settings(new)) as agent, agent.reading() as reader:
        assert read_head(reader).epoch == 2
    assert "already" in _take_again(site, tmp_path, identity.agent)


def _documents(site: Site) -> int:
    with site.database.read() as tx:
        row = tx.row("SELECT count(*) FROM documents")
    assert row is not None
    return int(row[0])


def _take_again(site: Site, tmp_path: Path, agent: str) -> str:
    """A token without a name must not give away somebody's place."""
    thief = tmp_path / "thief"
    prepare_agent(Settings(agent=agent, store=Store(data_dir=thief)))
    return site.provision(thief, site.central("token", "jinan").strip(), ok=False)
