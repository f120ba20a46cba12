"""The commands that a person starts, with a real broker between them."""

from __future__ import annotations

from pathlib import Path

from edge_agent.central.addresses import open_database
from edge_agent.model.kinds.system import AlarmCleared
from edge_agent.serve.agent import open_agent
from edge_agent.store.facts import place, read_facts
from tests.servers import Mosquitto
from tests.sync.witness import Witness
from tests.sync.world import Device, eventually, program


def test_facts_reach_the_centre_once_and_in_order(tmp_path: Path, mosquitto: Mosquitto) -> None:
    keys, mqtt = tmp_path / "keys", f"mqtt://127.0.0.1:{mosquitto.port}"
    database = open_database(str(tmp_path / "central.db"))
    device = Device(tmp_path / "device")
    device.provision(database, keys, mqtt)
    witness = Witness(mosquitto.port)
    with open_agent(device.settings) as agent:
        for number in range(250):
            agent.writer.append(AlarmCleared(alarm=f"a{number}"))
        serve = ["central", "serve", "--database", str(tmp_path / "central.db"), "--mqtt", mqtt, "--keys", str(keys)]
        serve += ["--media", str(tmp_path / "kept"), "--spool", str(tmp_path / "spool")]
        with (
            program(tmp_path / "central.log", *serve),
            program(tmp_path / "sync.log", "serve", "sync", EDGE_AGENT_STORE__DATA_DIR=str(device.root)) as sync,
        ):
            assert eventually(lambda: place(device.acked)[1] > 250), (tmp_path / "sync.log").read_text()
            agent.writer.append(AlarmCleared(alarm="while it runs"))
            assert sync.process.poll() is None
            assert eventually(lambda: place(device.acked)[1] > 251)
        with agent.reading() as reader:
            ours = [fact.body for fact in read_facts(reader)]
    with database.read() as tx:
        theirs = [body for (body,) in tx.rows("SELECT body FROM facts ORDER BY place")]
    seen = witness.close()
    assert seen["batch"] >= 3
    assert {"facts_ack", "state", "batch"} <= set(seen)
    assert theirs == ours[: len(theirs)]
    assert len(theirs) >= 253
    database.close()
