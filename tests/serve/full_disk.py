"""Run in a mount namespace of its own: a data folder on a small disk that is full, and what the agent does then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from edge_agent.errors import DiskFullError
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.serve.agent import Agent, open_agent, prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain, read_facts
from edge_agent.store.fsck import fsck

WORDS = "x" * 300


def main(folder: Path) -> None:
    """Print what was announced, by the state of the disk in which it was."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    settings = Settings(store=Store(data_dir=folder / "data"))
    prepare_agent(settings)
    with filled(folder):
        # Nobody has the database open: SQLite must make its log and its shared memory first.
        prepare_agent(settings)
        with open_agent(settings) as agent:
            restarted = until_full(agent, "restarted")
    with open_agent(settings) as agent:
        agent.ballast.ensure()
        with filled(folder):
            running = until_full(agent, "running")
            refuse_import(settings, folder.with_suffix(".csv"))
        agent.writer.append(OperatorAction(action="freed"))
    with closing(connect(agent.database, readonly=True)) as connection:
        stored = [fact.data["action"].strip("x") for fact in read_facts(connection, kinds=("operator.action",))]
        assert list(check_chain(connection)) == []
    assert stored == [*restarted, *running, "freed"]
    assert fsck(agent.database, agent.files) == []
    print(len(restarted), len(running))  # noqa: T201 - the test reads it


def refuse_import(settings: Settings, roster: Path) -> None:
    """A command has no other room than the services have: it says so, and all of the roster stays out."""
    roster.write_text("姓名,身份证号\n王一,11010519491231002X\n", "utf-8")
    environment = os.environ | {"EDGE_AGENT_STORE__DATA_DIR": str(settings.store.data_dir)}
    command = [sys.executable, "-m", "edge_agent", "import", "roster", str(roster)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == DiskFullError.exit_code, done.stdout + done.stderr
    assert "磁盘已满 / the disk is full" in done.stderr
    assert "请腾出空间" in done.stderr
    with closing(connect(settings.store.database, readonly=True)) as connection:
        assert connection.execute("SELECT count(*) FROM trainees").fetchone()[0] == 0


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """Leave no byte free."""
    filler = folder / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"\0" * 4096)
    yield
    filler.unlink()


def until_full(agent: Agent, name: str) -> list[str]:
    """Append until the disk refuses for good; give what was announced."""
    announced = []
    with suppress(DiskFullError):
        for index in range(100_000):
            announced.append(f"{name}{index}")
            agent.writer.append(OperatorAction(action=f"{name}{index}{WORDS}"))
    return announced[:-1]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
