"""The kill campaign: `python -m tests.store.campaign --kills 300` runs it at length.

Each writer is a process that appends facts with several threads and announces each on its standard output only after
`run` has returned. Writers are killed at random moments and started again; at the end every announced fact must stand
in the journal exactly once.
"""

from __future__ import annotations

import argparse
import collections
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from edge_agent.clock import SystemClock
from edge_agent.model.kinds.people import OperatorAction
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media as media_rows
from edge_agent.store.database import connect
from edge_agent.store.facts import check_chain, read_facts
from edge_agent.store.files import MediaFiles
from edge_agent.store.fsck import fsck
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Transaction, Writer

ROOT = Path(__file__).parents[2]


@dataclass
class Result:
    kills: int = 0
    announced: int = 0
    stored: int = 0
    problems: list[str] = field(default_factory=list)


def write_forever(folder: Path, name: str, *, media: bool) -> None:
    """Be one writer: three threads, each announcing what it has stored."""
    writer = Writer(folder / "edge_agent.db", SystemClock())
    files = MediaFiles(folder / "media")
    lock = threading.Lock()

    def one(index: str) -> None:
        if not media:
            writer.append(OperatorAction(action=index))
            return
        now = datetime.now(UTC)  # noqa: DTZ005, RUF100 - a test's file name, no fact's time
        stored = files.store(MediaKind.SNAPSHOT, ".jpg", index.encode() * 500, now)

        def job(tx: Transaction) -> None:
            row = Media(
                id=media_rows.new_media_id(),
                kind=MediaKind.SNAPSHOT,
                path=stored.path,
                sha256=stored.sha256,
                size=stored.size,
                start=now,
                end=now,
            )
            media_rows.add(tx, row)
            tx.append(OperatorAction(action=index))

        writer.run(job)

    def work(thread: int) -> None:
        for count in range(1_000_000):
            index = f"{name}-{thread}-{count}"
            one(index)
            with lock:
                sys.stdout.write(index + "\n")
                sys.stdout.flush()

    for thread in range(3):
        threading.Thread(target=work, args=(thread,)).start()


class _Writer:
    def __init__(self, folder: Path, name: str, *, media: bool) -> None:
        command = [sys.executable, "-m", "tests.store.campaign", "--be", name, "--folder", str(folder)]
        self.process = subprocess.Popen(
            command + (["--media"] if media else []), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.announced: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        # A line without its end was being written when the kill came: it was not announced.
        self.announced += [line.strip() for line in self.process.stdout if line.endswith("\n")]

    def kill(self) -> list[str]:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.announced


def run_campaign(folder: Path, *, kills: int, writers: int, seed: int, media: bool = False) -> Result:
    """Kill `kills` times among `writers` processes, then check everything."""
    dice = random.Random(seed)  # noqa: S311 - a seeded test
    prepare(folder / "edge_agent.db", SystemClock(), agent="ea-campaign")
    result = Result()
    announced: list[str] = []
    running = [_Writer(folder, f"w{index}", media=media) for index in range(writers)]
    born = [time.monotonic()] * writers
    for kill in range(kills):
        victim = dice.randrange(writers)
        # Long enough to import, then any moment of its life.
        time.sleep(max(0.0, born[victim] + 0.7 - time.monotonic()) + dice.uniform(0.0, 0.3))
        announced += running[victim].kill()
        running[victim] = _Writer(folder, f"w{victim}-{kill}", media=media)
        born[victim] = time.monotonic()
        result.kills += 1
    time.sleep(1.0)
    for writer in running:
        announced += writer.kill()
    with closing(connect(folder / "edge_agent.db")) as connection:
        stored = collections.Counter(fact.data["action"] for fact in read_facts(connection, kinds=("operator.action",)))
        result.problems += [f"{broken.seq}: {broken.what}" for broken in check_chain(connection)]
    result.announced, result.stored = len(announced), stored.total()
    result.problems += [f"announced and lost: {name}" for name in announced if name not in stored]
    result.problems += [f"stored {count} times: {name}" for name, count in stored.items() if count > 1]
    findings = fsck(folder / "edge_agent.db", MediaFiles(folder / "media"), digests=True)
    result.problems += [f"{finding.subject}: {finding.what}" for finding in findings if not finding.harmless]
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--writers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--media", action="store_true")
    parser.add_argument("--be")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.be:
        write_forever(options.folder, options.be, media=options.media)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = run_campaign(
            Path(folder), kills=options.kills, writers=options.writers, seed=options.seed, media=options.media
        )
    print(  # noqa: T201 - a command
        f"{result.kills} kills, {result.announced} announced, {result.stored} stored, {len(result.problems)} problems"
    )
    sys.exit("\n".join(result.problems) or 0)


if __name__ == "__main__":
    main()
