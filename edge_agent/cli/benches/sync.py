"""From the journal to the centre's commit over a broker on loopback, beside bare paho in the same run."""

from __future__ import annotations

import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_agent.central.addresses import open_database
from edge_agent.central.database import Database
from edge_agent.cli.bench import Bench
from edge_agent.cli.benches._processes import broker, cpu_seconds, peak_mb, program
from edge_agent.cli.benches._venue import enrol, make_device
from edge_agent.model.kinds.attendance import Recognition, SignedIn
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.settings import Settings
from edge_agent.store.outbox import read_stored
from edge_agent.store.writer import Transaction

_TENANT = "bench"
_WRITE = 2000  # facts a transaction while the backlog is made
_BARE = 20_000
_IN_FLIGHT = 100
_DEEP = 1_000_000


@dataclass(frozen=True, slots=True)
class Drain:
    """One backlog sent."""

    facts_per_s: float
    agent_cpu_s: float
    sync_mb: float
    wire_bytes: float


def run(
    database: Annotated[
        list[str] | None, typer.Option(help="Of the centre: a file or postgresql://...; again for more.")
    ] = None,
    backlog: Annotated[int, typer.Option(min=1000, help="Facts that wait.")] = 100_000,
    deep: Annotated[bool, typer.Option(help="Also with a backlog of a million.")] = False,
) -> Bench:
    figures: dict[str, float | int | str] = {"backlog": backlog}
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="edge-agent-bench-") as name, broker(Path(name)) as port:
        root = Path(name)
        bodies = _bodies(root / "sample")
        bare = _bare_paho(port, bodies)
        figures["fact_bytes"] = sum(map(len, bodies)) // len(bodies)
        figures["paho_bare_facts_per_s"] = round(bare)
        for number, address in enumerate(database or [str(root / "central.db")]):
            kind = "postgresql" if address.startswith("postgres") else "sqlite"
            drain = _drain(root / f"run{number}", port, address, backlog)
            figures[f"{kind}_facts_per_s"] = round(drain.facts_per_s)
            figures[f"{kind}_agent_cpu_s_per_100k"] = round(drain.agent_cpu_s, 3)
            figures["sync_rss_mb"] = round(drain.sync_mb, 1)
            figures["wire_bytes_per_fact"] = round(drain.wire_bytes, 1)
            ratios[f"vs_paho_bare_{kind}"] = round(drain.facts_per_s / bare, 3)
            if deep:
                million = _drain(root / f"deep{number}", port, address, _DEEP)
                again = _drain(root / f"again{number}", port, address, backlog)
                shallow = (drain.facts_per_s + again.facts_per_s) / 2  # before and after: a neighbour's load evens out
                figures[f"{kind}_deep_facts_per_s"] = round(million.facts_per_s)
                ratios["drain_1m_vs_100k"] = round(million.facts_per_s / shallow, 3)
    return Bench("sync", figures, ratios)


def _bare_paho(port: int, bodies: list[bytes]) -> float:
    """Give the messages a second that paho alone gets PUBACKs for: QoS 1, 100 in flight, no store, no receiver."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(2 * _IN_FLIGHT)
    room, connected = threading.Semaphore(_IN_FLIGHT), threading.Event()
    client.on_connect = lambda *_: connected.set()
    client.on_publish = lambda *_: room.release()
    client.connect("127.0.0.1", port)
    client.loop_start()
    connected.wait(10)
    began = time.perf_counter()
    for number in range(_BARE):
        room.acquire()
        client.publish("bench", bodies[number % len(bodies)], qos=1)
    for _ in range(_IN_FLIGHT):
        room.acquire()
    took = time.perf_counter() - began
    client.disconnect()
    client.loop_stop()
    return _BARE / took


def _drain(root: Path, port: int, address: str, backlog: int) -> Drain:
    settings, mqtt, keys = _device(root, backlog), f"mqtt://127.0.0.1:{port}", root / "keys"
    database = open_database(address)
    enrol(settings, database, keys, mqtt=mqtt)
    serve = ["central", "serve", "--database", address, "--mqtt", mqtt, "--keys", str(keys), "--http", "0"]
    folders = ["--media", str(root / "kept"), "--spool", str(root / "spool")]
    try:
        with program(*serve, *folders):
            time.sleep(3.0)  # the receiver has subscribed
            with _sent_bytes(port) as sent, program("serve", "sync", data=root) as sync:
                return _watch(database, settings.agent, sync.pid, backlog, sent)
    finally:
        database.close()


def _watch(database: Database, name: str, pid: int, backlog: int, sent: list[int]) -> Drain:
    """Follow the centre's watermark from its first move to the end."""
    first: tuple[float, int, float] | None = None
    while True:
        with database.read() as tx:
            row = tx.row("SELECT upto FROM heads JOIN agents ON number = heads.agent WHERE agents.agent = %s", (name,))
        now, upto = time.perf_counter(), row[0] if row else 0
        if upto and first is None:
            first = (now, upto, cpu_seconds(pid))
        if upto >= backlog and first is not None:
            break
        time.sleep(0.02)
    began, before, cpu = first
    facts = upto - before
    figures = Drain(facts / (now - began), (cpu_seconds(pid) - cpu) / facts * 100_000, peak_mb(pid), 0.0)
    time.sleep(2.5)  # the broker counts once a second
    return Drain(figures.facts_per_s, figures.agent_cpu_s, figures.sync_mb, (sent[-1] - sent[0]) / upto)


@contextmanager
def _sent_bytes(port: int) -> Iterator[list[int]]:
    """Count what the broker has received in all, packets and acknowledgements of both sides included."""
    counted: list[int] = []
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _client, _data, message: counted.append(int(message.payload))
    client.connect("127.0.0.1", port)
    client.subscribe("$SYS/broker/bytes/received")
    client.loop_start()
    while not counted:
        time.sleep(0.05)
    try:
        yield counted
    finally:
        client.disconnect()
        client.loop_stop()


def _device(root: Path, backlog: int) -> Settings:
    """Prepare a data folder with sign-ins that wait to be sent."""
    settings = make_device(root)
    with open_agent(settings) as agent:
        for start in range(0, backlog, _WRITE):
            _sign_in(agent, min(_WRITE, backlog - start), start)
    return settings


def _sign_in(agent: Agent, count: int, start: int) -> None:
    wall = agent.clock.stamp().wall

    def job(tx: Transaction) -> None:
        for number in range(start, start + count):
            tx.append(
                SignedIn(
                    unit=f"L{number // 100:05}/1",
                    class_id="c-7f3a",
                    lesson=f"L{number // 100:05}",
                    trainee=secrets.token_hex(8),
                    at=wall + timedelta(milliseconds=number % 1000),
                    method="face",
                    visit=secrets.token_hex(8),
                    kiosk="k1",
                    recognition=Recognition(
                        engine="yunet-2023mar+sface-2021dec",
                        score=0.5 + secrets.randbelow(4000) / 10000,
                        margin=0.1 + secrets.randbelow(4000) / 10000,
                        frames=3,
                        liveness="motion",
                    ),
                ),
                policy="jinan-2024@" + "8f2383e4" * 8,
            )

    agent.writer.run(job)


def _bodies(root: Path) -> list[bytes]:
    settings = _device(root, 1000)
    with open_agent(settings) as agent, agent.reading() as reader:
        return [
            body for stored in read_stored(reader, 0, facts=100, size=1 << 20, batches=10) for body in stored.bodies
        ]
