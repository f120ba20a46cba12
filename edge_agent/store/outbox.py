"""What the centre has, and what is still to be sent: the journal is the queue, one integer is the place in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.model.stamp import instant
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.documents import Document
from edge_agent.store.facts import decode, fact_id, place, read_head
from edge_agent.store.rows import from_row
from edge_agent.store.writer import Transaction

KEEP_EVERY = timedelta(minutes=1)
"""Countersignatures are kept this far apart: a later one covers every fact before it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Facts `first` to `last` of an epoch as they lie in the journal; `link` is the one after the last."""

    epoch: int
    first: int
    bodies: list[bytes]
    link: bytes

    @property
    def first_id(self) -> int:
        return fact_id(self.epoch, self.first)

    @property
    def last_id(self) -> int:
        return self.first_id + len(self.bodies) - 1


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The centre's signed word that it holds every fact up to `id`: verify `signature` over `payload` with `key`."""

    id: int
    payload: str
    key: str
    signature: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many facts the centre lacks, and when the first of them was written."""

    count: int
    oldest: str | None


def read_stored(
    connection: sqlite3.Connection, after: int, *, facts: int, size: int, batches: int = 1
) -> Iterator[Stored]:
    """Give what follows `after` in batches of at most `facts` facts and `size` bytes; a larger fact stands alone."""
    rows = connection.execute(
        "SELECT id, body, link FROM facts WHERE id > ? ORDER BY id LIMIT ?", (after, facts * batches)
    )
    bodies: list[bytes] = []
    first = last = total = 0
    link = b""
    for identifier, body, next_link in rows:
        total += len(body)
        # An epoch's first id never follows the last one of the epoch before.
        if bodies and (identifier != last + 1 or len(bodies) == facts or total > size):
            yield Stored(*place(first), bodies, link)
            bodies, total = [], len(body)
        if not bodies:
            first = identifier
        bodies.append(body)
        last, link = identifier, next_link
    if bodies:
        yield Stored(*place(first), bodies, link)


def find_link(connection: sqlite3.Connection, identifier: int) -> bytes | None:
    """Give the link after a fact, or None where the journal has no such fact."""
    row = connection.execute("SELECT link FROM facts WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else row[0]


def find_acked(connection: sqlite3.Connection) -> int:
    """Give the id up to which the centre has everything; 0 before its first word."""
    row = connection.execute("SELECT acked FROM outbox").fetchone()
    return 0 if row is None else row[0]


def read_backlog(connection: sqlite3.Connection, acked: int) -> Backlog:
    """Count without walking the backlog: sequence numbers within an epoch have no holes."""
    head = read_head(connection)
    count, (epoch, seq) = 0, place(acked)
    while epoch < head.epoch:
        last = connection.execute(
            "SELECT max(id) FROM facts WHERE id >= ? AND id < ?", (fact_id(epoch, 0), fact_id(epoch + 1, 0))
        ).fetchone()[0]
        count += 0 if last is None else max(0, place(last)[1] - seq)
        epoch, seq = epoch + 1, 0
    count += max(0, head.seq - seq)
    row = connection.execute("SELECT body, link FROM facts WHERE id > ? ORDER BY id LIMIT 1", (acked,)).fetchone()
    return Backlog(count, None if row is None else instant(decode(row[0], row[1]).stamp.wall))


def next_document(connection: sqlite3.Connection) -> Document | None:
    """Give the oldest document that the centre has not got."""
    row = connection.execute(
        "SELECT documents.* FROM documents LEFT JOIN documents_sent ON document = id WHERE document IS NULL"
        " ORDER BY made, id LIMIT 1"
    ).fetchone()
    return None if row is None else from_row(Document, row)


def mark_document_sent(tx: Transaction, document: str) -> None:
    """The centre has it: by its own word, or because it made it."""
    tx.execute("INSERT OR IGNORE INTO documents_sent VALUES (?, ?)", (document, to_micros(tx.stamp.wall)))


def set_acked(tx: Transaction, acked: int) -> None:
    tx.execute(
        "INSERT INTO outbox VALUES (1, ?, ?) ON CONFLICT(only) DO UPDATE SET acked = excluded.acked, at = excluded.at",
        (acked, to_micros(tx.stamp.wall)),
    )


def keep_countersignature(tx: Transaction, identifier: int, payload: str, key: str, signature: str) -> None:
    """Keep the newest, and of those before it one a minute."""
    last = tx.execute("SELECT id, at FROM countersignatures ORDER BY id DESC LIMIT 2").fetchall()
    now = to_micros(tx.stamp.wall)
    if len(last) == 2 and last[0]["at"] - last[1]["at"] < KEEP_EVERY // timedelta(microseconds=1):  # noqa: PLR2004 - the two
        tx.execute("DELETE FROM countersignatures WHERE id = ?", (last[0]["id"],))
    tx.execute(
        "INSERT OR REPLACE INTO countersignatures VALUES (?, ?, ?, ?, ?)", (identifier, payload, key, signature, now)
    )


def list_countersignatures(connection: sqlite3.Connection, *, since: int, until: int) -> list[Countersignature]:
    """Give those that cover the facts from id `since` to `until`, in order."""
    rows = connection.execute("SELECT * FROM countersignatures WHERE id BETWEEN ? AND ? ORDER BY id", (since, until))
    return [
        Countersignature(row["id"], row["payload"], row["key"], row["signature"], from_micros(row["at"]))
        for row in rows
    ]
