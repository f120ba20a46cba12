"""The one step before any service starts: create or migrate, name the agent, notice a restored database."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from edge_agent import __version__
from edge_agent.clock import Clock
from edge_agent.durable import replace_file
from edge_agent.model.kinds.system import EpochStarted, ServiceStarted, SoftwareChanged
from edge_agent.store.database import connect, migrate, refusal
from edge_agent.store.facts import Head, read_head, read_last
from edge_agent.store.writer import Transaction, Writer


@dataclass(frozen=True, slots=True)
class HighWater:
    """The highest head ever seen, kept outside the database: a database below it was restored from a backup."""

    agent: str
    epoch: int
    seq: int
    head: str


def prepare(path: Path, clock: Clock, *, agent: str = "", version: str = __version__) -> Head:
    """Create or migrate the database, begin its first epoch, or a new one when it was restored; give the head.

    `agent` is the name that provisioning gave; without one a random name is made. Software of another `version` than
    the last that prepared the database is a fact. Run it before any service.
    """
    migrate(path)
    _name(path, agent or f"ea-{secrets.token_hex(6)}")
    writer = Writer(path, clock)
    try:
        return writer.run(lambda tx: _begin(tx, read_high_water(path), version))
    finally:
        writer.close()


def _name(path: Path, agent: str) -> None:
    """Name the agent, unless it has a name."""
    with closing(connect(path)) as connection:
        try:
            connection.execute("INSERT OR IGNORE INTO meta VALUES ('agent', ?), ('epoch', '1')", (agent,))
        except sqlite3.Error as error:
            raise refusal(path, error) from error


def _begin(tx: Transaction, mark: HighWater | None, version: str) -> Head:
    head = tx.head
    if mark is not None and mark.agent == head.agent and (mark.epoch, mark.seq) > (head.epoch, head.seq):
        new_epoch(tx, mark, cause="restored")
    elif head.seq == 0:
        tx.append(EpochStarted(cause="first"))
    _note_version(tx, version)
    return tx.head


def _note_version(tx: Transaction, version: str) -> None:
    """Say that other software goes on with this journal. What it began with, its services say when they start."""
    row = tx.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    old = row[0] if row else _last_started(tx)
    if row and old == version:
        return
    tx.execute("INSERT OR REPLACE INTO meta VALUES ('version', ?)", (version,))
    if old not in ("", version):
        went_back = version_parts(version) < version_parts(old)
        tx.append(SoftwareChanged(version=version, old_version=old, result="went_back" if went_back else "installed"))


def _last_started(tx: Transaction) -> str:
    """Give the version that last ran here by its services' word: the first releases noted no other."""
    fact = read_last(tx.connection, (ServiceStarted.KIND,))
    return "" if fact is None else str(fact.data["version"])


def version_parts(version: str) -> list[int]:
    """Give the numbers of a version, which compare as versions do."""
    return [int(part) for part in re.findall(r"\d+", version)]


def new_epoch(tx: Transaction, old: HighWater, *, cause: str) -> Head:
    """Begin the epoch after `old`: facts that a lost database held stay the centre's, none is numbered twice."""
    tx.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (str(old.epoch + 1),))
    tx.reread_head()
    tx.append(
        EpochStarted(
            cause="replaced" if cause == "replaced" else "restored",
            old_epoch=old.epoch,
            old_seq=old.seq,
            old_head=old.head,
        )
    )
    return tx.head


def high_water_file(path: Path) -> Path:
    return path.with_name("high-water.json")


def read_high_water(path: Path) -> HighWater | None:
    """Read the mark beside the database at `path`; a torn one counts as none."""
    try:
        return HighWater(**json.loads(high_water_file(path).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def note_high_water(path: Path, connection: sqlite3.Connection) -> None:
    """Raise the mark to the database's head; `upkeep` does so every few seconds."""
    head = read_head(connection)
    mark = HighWater(head.agent, head.epoch, head.seq, head.link.hex())
    known = read_high_water(path)
    if known is not None and (known.epoch, known.seq) >= (mark.epoch, mark.seq):
        return
    replace_file(high_water_file(path), json.dumps(asdict(mark)).encode())
