"""20 agents and 3 receivers on PostgreSQL, while everything between and around them is killed at random.

`python -m tests.sync.campaign [--minutes N] [--backlog FACTS] [--seed N]` runs it long; a test runs it short.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.central import registry
from edge_agent.central.addresses import open_database
from edge_agent.central.database import Database
from edge_agent.model.kinds.system import AlarmRaised
from edge_agent.serve.agent import open_agent
from edge_agent.store.database import connect
from edge_agent.store.facts import fact_id, read_head
from tests.servers import Mosquitto, Postgres, postgres_cluster
from tests.sync.line import Line
from tests.sync.witness import Witness
from tests.sync.world import Device, Program, eventually, program

AGENTS, HOSTS, WORKERS = 20, 4, 3


@dataclass
class Result:
    """What was done, and what came of it: `wrong` names each agent whose facts are not the centre's.

    `messages` were seen at the broker and held against the contract's document; one that it does not describe raises.
    """

    kills: dict[str, int] = field(default_factory=dict)
    facts: int = 0
    wrong: list[str] = field(default_factory=list)
    quarantined: int = 0
    parked: int = 0
    messages: dict[str, int] = field(default_factory=dict)


class Campaign:
    """One run. Agents share hosts, so that a kill takes several at once, as a power cut does."""

    def __init__(self, root: Path, postgres: Postgres, stack: ExitStack, *, rate: float, backlog: int) -> None:
        self.root, self.stack, self.rate = root, stack, rate
        self.address = postgres.create_database()
        self.database: Database = open_database(self.address)
        stack.callback(self.database.close)
        (root / "broker").mkdir()
        self.broker = stack.enter_context(Mosquitto(root / "broker", "allow_anonymous true", "max_queued_messages 0"))
        self.line = stack.enter_context(Line(self.broker.port))
        self.witness = Witness(self.broker.port)
        self.devices = [Device(root / f"d{number}", f"ea-{number:02}") for number in range(AGENTS)]
        for device in self.devices:
            device.provision(self.database, root / "keys", f"mqtt://127.0.0.1:{self.line.port}")
            _write_backlog(device, backlog)
        self.begun = [_last(device) for device in self.devices]
        self.workers = [self._start_worker(number) for number in range(WORKERS)]
        self.hosts = [self._start_host(number) for number in range(HOSTS)]

    def strike(self, dice: random.Random) -> str:
        """Do one harm; give its name."""
        harms: dict[str, Callable[[random.Random], None]] = {
            "agents": self._kill_host,
            "worker": self._kill_worker,
            "broker": self._kill_broker,
            "line cut": lambda _: self.line.cut(),
            "line dead": self._silence,
        }
        name = dice.choice(list(harms))
        harms[name](dice)
        return name

    def settle(self, seconds: float) -> None:
        """Stop the writing, let everything arrive, and stop."""
        for host in self.hosts:
            host.kill()
        self.rate = 0
        self.hosts = [self._start_host(number) for number in range(HOSTS)]
        eventually(self._all_arrived, seconds=seconds)
        for host in self.hosts:
            host.kill()

    def judge(self, kills: dict[str, int]) -> Result:
        result = Result(kills, messages=dict(self.witness.close(lines=1)))
        with self.database.read() as tx:
            result.quarantined = _count(tx.row("SELECT count(*) FROM quarantine"))
            result.parked = _count(tx.row("SELECT count(*) FROM parked"))
            for device in self.devices:
                agent = registry.find(tx, device.address)
                assert agent is not None
                theirs = tx.rows("SELECT place, body FROM facts WHERE agent = %s ORDER BY place", (agent.number,))
                head = tx.row("SELECT upto, link FROM heads WHERE agent = %s AND epoch = 1", (agent.number,))
                with closing(connect(device.settings.store.database, readonly=True)) as ours:
                    mine = [tuple(row) for row in ours.execute("SELECT id, body FROM facts ORDER BY id")]
                    end = read_head(ours)
                if theirs != mine or head != (end.seq, end.link) or device.acked != fact_id(1, end.seq):
                    result.wrong.append(f"{device.address.agent}: {len(theirs)} of {len(mine)}, {head and head[0]}")
                result.facts += len(mine)
        return result

    def wait_for_life(self) -> None:
        """Until every agent writes, so that there is something to lose."""
        assert eventually(
            lambda: all(_last(device) > before for device, before in zip(self.devices, self.begun, strict=True))
        )

    def _all_arrived(self) -> bool:
        with self.database.read() as tx:
            rows = tx.rows("SELECT agents.agent, upto FROM heads JOIN agents ON number = heads.agent")
        heads: dict[str, int] = dict(rows)
        return all(_arrived(device, heads.get(device.address.agent, 0)) for device in self.devices)

    def _kill_host(self, dice: random.Random) -> None:
        number = dice.randrange(HOSTS)
        self.hosts[number].kill()
        self.hosts[number] = self._start_host(number)

    def _kill_worker(self, dice: random.Random) -> None:
        number = dice.randrange(WORKERS)
        self.workers[number].kill()
        self.workers[number] = self._start_worker(number)

    def _kill_broker(self, _: random.Random) -> None:
        self.broker.kill()
        self.broker.start()

    def _silence(self, dice: random.Random) -> None:
        self.line.go_dead()
        time.sleep(dice.uniform(0.2, 1.0))
        self.line.resume()

    def _start_worker(self, number: int) -> Program:
        serve = ["central", "serve", "--database", self.address, "--keys", str(self.root / "keys"), "--http", "0"]
        serve += ["--mqtt", f"mqtt://127.0.0.1:{self.broker.port}", "--media", str(self.root / "kept")]
        return self.stack.enter_context(
            program(self.root / f"worker{number}.log", *serve, "--spool", str(self.root / "spool"))
        )

    def _start_host(self, number: int) -> Program:
        folders = [str(device.root) for device in self.devices[number::HOSTS]]
        log = self.root / f"host{number}.log"
        return self.stack.enter_context(program(log, str(self.rate), *folders, module="tests.sync.fleet"))


def run(seconds: float, *, backlog: int = 0, rate: float = 40.0, seed: int = 1, settle: float = 60.0) -> Result:
    """Strike for `seconds`, then let everything arrive and judge."""
    dice, kills = random.Random(seed), dict[str, int]()  # noqa: S311 - harm, not secrets
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="edge-agent-campaign-")))
        campaign = Campaign(root, stack.enter_context(postgres_cluster()), stack, rate=rate, backlog=backlog)
        campaign.wait_for_life()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            harm = campaign.strike(dice)
            kills[harm] = kills.get(harm, 0) + 1
            time.sleep(dice.uniform(0.2, 1.5))
        campaign.settle(settle)
        return campaign.judge(kills)


def _write_backlog(device: Device, count: int) -> None:
    if count:
        with open_agent(device.settings) as agent:
            for start in range(0, count, 1000):
                facts = (
                    AlarmRaised(alarm=f"b{number}", level="critical", detail="三天没有网络")
                    for number in range(start, min(start + 1000, count))
                )
                agent.writer.append(*facts)


def _arrived(device: Device, upto: int) -> bool:
    last = _last(device)
    return upto == last and device.acked == fact_id(1, last)


def _last(device: Device) -> int:
    with closing(connect(device.settings.store.database, readonly=True)) as connection:
        return read_head(connection).seq


def _count(row: tuple[int, ...] | None) -> int:
    assert row is not None
    return row[0]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--backlog", type=int, default=0, help="facts that each agent begins with")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = run(options.minutes * 60, backlog=options.backlog, seed=options.seed, settle=600.0)
    sys.stdout.write(f"{found}\n")
    sys.exit(bool(found.wrong or found.quarantined or found.parked))
