"""A new box in the place of a broken one: the centre's copy of the journal becomes its own, and a new epoch begins."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.errors import ConflictError
from edge_agent.model.fact import genesis, next_link
from edge_agent.model.kinds.capture import ClipKept, SegmentClosed, SnapshotTaken
from edge_agent.model.kinds.system import MediaDeleted, MediaLost
from edge_agent.store.database import connect, migrate
from edge_agent.store.documents import Document
from edge_agent.store.facts import fact_id, read_facts
from edge_agent.store.outbox import Stored, set_acked
from edge_agent.store.rebuild import rebuild
from edge_agent.store.setup import HighWater, new_epoch
from edge_agent.store.writer import Transaction, Writer

_MEDIA = (SegmentClosed.KIND, SnapshotTaken.KIND, ClipKept.KIND)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What came back: `lost` are the media that neither the centre nor this box has."""

    facts: int
    epoch: int
    lost: tuple[str, ...]


def take_over(
    path: Path,
    clock: Clock,
    agent: str,
    *,
    journal: Iterable[Stored],
    documents: Iterable[Document],
    held: Collection[str],
) -> TakenOver:
    """Make the database of a box that replaces another; `held` are the media that the centre has.

    Built beside its place and renamed when it is whole, so that a power cut leaves nothing. Raises `ConflictError`
    where a database is there already, or where what came is no unbroken journal of this agent.
    """
    if path.exists():
        raise ConflictError(
            f"{path}: 数据库已存在 / this device has a database already.",
            do="请用空白设备替换损坏的设备。Replace a broken box by an empty one.",
        )
    building = path.with_name(f"{path.name}.replacing")
    _clear(building)
    migrate(building)
    count, mark = _insert(building, agent, journal)
    writer = Writer(building, clock)

    def job(tx: Transaction) -> TakenOver:
        rebuild(tx, documents)
        lost = _lost(tx.connection, held)
        head = new_epoch(tx, mark, cause="replaced")
        for media, sha256 in lost.items():
            tx.append(MediaLost(media=media, sha256=sha256, cause="replaced_device"))
        set_acked(tx, fact_id(mark.epoch, mark.seq))
        return TakenOver(count, head.epoch, tuple(lost))

    try:
        result = writer.run(job)
    finally:
        writer.close()
    with closing(connect(building)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    building.rename(path)
    return result


def _insert(path: Path, agent: str, journal: Iterable[Stored]) -> tuple[int, HighWater]:
    mark, count = HighWater(agent, 0, 0, ""), 0
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        for stored in journal:
            link = bytes.fromhex(mark.head) if stored.epoch == mark.epoch else genesis(agent, stored.epoch)
            expected = mark.seq + 1 if stored.epoch == mark.epoch else 1
            rows = []
            for seq, body in enumerate(stored.bodies, stored.first):
                link = next_link(link, seq, body)
                rows.append((fact_id(stored.epoch, seq), _kind(body), body, link))
            if stored.first != expected or stored.epoch < mark.epoch or link != stored.link:
                raise ConflictError(
                    f"中心的记录不完整 / the centre's copy does not hold together at {stored.epoch}/{stored.first}.",
                    do="请告知中心：它的数据库已损坏。Tell the centre: its database is damaged.",
                )
            connection.executemany("INSERT INTO facts VALUES (?, ?, ?, ?)", rows)
            count += len(rows)
            mark = HighWater(agent, stored.epoch, stored.first + len(rows) - 1, link.hex())
        if count == 0:
            raise ConflictError(
                "中心没有本机的记录 / the centre holds no fact of this agent.",
                do="请按新设备接入。Provision this device as a new one.",
            )
        connection.execute("INSERT INTO meta VALUES ('agent', ?), ('epoch', ?)", (agent, str(mark.epoch)))
        connection.execute("COMMIT")
    return count, mark


def _kind(body: bytes) -> str:
    """Give a body's kind; one that can't be read is a link of the chain all the same."""
    try:
        return str(json.loads(body)["kind"])
    except (ValueError, KeyError, TypeError):
        return ""


def _lost(connection: sqlite3.Connection, held: Collection[str]) -> dict[str, str]:
    """Give the files that facts name, that were not deleted by a rule, and that nobody has any more."""
    named = {fact.data["media"]: fact.data["sha256"] for fact in read_facts(connection, kinds=_MEDIA)}
    gone = {fact.data["media"] for fact in read_facts(connection, kinds=(MediaDeleted.KIND, MediaLost.KIND))}
    return {media: sha256 for media, sha256 in named.items() if media not in gone and media not in held}


def _clear(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)  # not media: what an attempt before this one left
