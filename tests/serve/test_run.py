"""`edge-agent run`: starts services, starts again what dies, ends them all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from edge_agent.errors import StorageError
from edge_agent.serve.run import Supervisor
from edge_agent.store.database import connect
from edge_agent.store.facts import read_facts

ROOT = Path(__file__).parents[2]


def test_it_prepares_runs_and_ends_a_service(tmp_path: Path) -> None:
    environment = {**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path), "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true"}
    command = [sys.executable, "-m", "edge_agent", "run", "--only", "upkeep"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and "service.started" not in kinds(tmp_path):
            time.sleep(0.2)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert kinds(tmp_path)[-1] == "service.stopped"


def kinds(folder: Path) -> list[str]:
    if not (folder / "edge_agent.db").exists():
        return []
    try:
        connection = connect(folder / "edge_agent.db", readonly=True)
    except StorageError:  # it is being made just now
        return []
    try:
        return [fact.kind for fact in read_facts(connection)]
    finally:
        connection.close()


def test_a_service_that_is_ended_while_it_starts_ends_in_order(tmp_path: Path) -> None:
    environment = {**os.environ, "EDGE_AGENT_STORE__DATA_DIR": str(tmp_path), "EDGE_AGENT_CLOCK__KEPT_BY_HOST": "true"}
    script = f"""
import os, signal
from edge_agent.serve import __main__ as main, upkeep
from edge_agent.serve.run import Service
from edge_agent.serve.agent import prepare_agent
from edge_agent.settings import load_settings
prepare_agent(load_settings())
make = upkeep.Upkeep
def made(agent):
    os.kill(os.getpid(), signal.{signal.SIGTERM.name})
    return make(agent)
upkeep.Upkeep = made
raise SystemExit(main.main(Service.UPKEEP))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=False, timeout=60)
    assert done.returncode == 0
    assert kinds(tmp_path)[-1] == "service.stopped"


def test_what_dies_is_started_again_and_the_others_are_left_alone(tmp_path: Path) -> None:
    program = tmp_path / "service.py"
    program.write_text(
        "import sys, time, pathlib\n"
        "name = sys.argv[1]\n"
        "with (pathlib.Path(__file__).parent / name).open('a') as file: file.write('started\\n')\n"
        "sys.exit(3) if name == 'dies' else time.sleep(60)\n"
    )
    supervisor = Supervisor(("dies", "lives"), command=(sys.executable, str(program)))
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and starts(tmp_path / "dies") < 2:
        time.sleep(0.1)
    supervisor.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert starts(tmp_path / "dies") >= 2
    assert starts(tmp_path / "lives") == 1


def starts(file: Path) -> int:
    return file.read_text().count("started") if file.exists() else 0
