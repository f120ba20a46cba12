"""Several agents in one process, each with its data folder, its sync service and facts that keep coming.

`python -m tests.sync.fleet FACTS_PER_S FOLDER...`; it runs until it is killed, which is what a campaign does to it.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from pathlib import Path

from edge_agent.model.kinds.system import AlarmRaised
from edge_agent.serve.agent import open_agent
from edge_agent.serve.sync import Sync
from edge_agent.settings import Settings, Store
from edge_agent.sync.identity import IdentityFolder


def run(folder: Path, rate: float) -> None:
    with open_agent(Settings(store=Store(data_dir=folder))) as agent:
        files = IdentityFolder(folder)
        identity = files.read()
        assert identity is not None
        sync = Sync(agent, identity, files)
        due = number = 0.0
        while True:
            sync.tick()
            now = time.monotonic()
            if rate and now >= due:
                due, number = now + 5 / rate, number + 1
                agent.writer.append(
                    *(AlarmRaised(alarm=f"a{number}", level="warning", detail=f"{each}" * 20) for each in range(5))
                )


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    _, rate, *folders = sys.argv
    for folder in folders:
        threading.Thread(target=run, args=(Path(folder), float(rate)), daemon=True).start()
    threading.Event().wait()
