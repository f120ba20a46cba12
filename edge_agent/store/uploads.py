"""Which files are to go to the centre, and how far each has got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from edge_agent.model.media import Media, MediaKind
from edge_agent.store.database import Connection, to_micros
from edge_agent.store.rows import from_row
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind whose turn it is: `all` of it, or only the files that were asked for."""

    kind: MediaKind
    all: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, the address under which the server takes it (empty: none yet), and the failures so far."""

    media: Media
    url: str
    failures: int


def next_upload(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> Upload | None:
    """Give the first file of the first kind that has one and whose pause after a failure is over."""
    for turn in wanted:
        row = connection.execute(
            "SELECT media.*, url, failures FROM media LEFT JOIN uploads ON uploads.media = media.id"
            " WHERE kind = ? AND confirmed IS NULL AND deleted IS NULL AND (requested OR ?) AND coalesce(due, 0) <= ?"
            " ORDER BY start LIMIT 1",
            (turn.kind.value, turn.all, to_micros(now)),
        ).fetchone()
        if row is not None:
            return Upload(from_row(Media, row), row["url"] or "", row["failures"] or 0)
    return None


@dataclass(frozen=True, slots=True)
class Waiting:
    count: int
    size: int


def read_waiting(connection: Connection, wanted: Sequence[Wanted]) -> Waiting:
    """Count what waits, pauses or not."""
    count = size = 0
    for turn in wanted:
        row = connection.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM media"
            " WHERE kind = ? AND confirmed IS NULL AND deleted IS NULL AND (requested OR ?)",
            (turn.kind.value, turn.all),
        ).fetchone()
        count, size = count + row[0], size + row[1]
    return Waiting(count, size)


def begin(tx: Transaction, media: str, url: str) -> None:
    """Keep the address that the server gave."""
    tx.execute(
        "INSERT INTO uploads VALUES (?, ?, 0, 0, 0, '') ON CONFLICT(media) DO UPDATE SET url = excluded.url, sent = 0",
        (media, url),
    )


def pause(tx: Transaction, media: str, *, sent: int, until: datetime, error: str) -> None:
    """Note a failure: the file's turn comes again after `until`."""
    tx.execute(
        "INSERT INTO uploads VALUES (?, '', ?, 1, ?, ?) ON CONFLICT(media) DO UPDATE SET"
        " sent = excluded.sent, failures = failures + 1, due = excluded.due, error = excluded.error",
        (media, sent, to_micros(until), error),
    )


def forget_address(tx: Transaction, media: str) -> None:
    """The server no longer knows the address: begin anew."""
    tx.execute("UPDATE uploads SET url = '', sent = 0 WHERE media = ?", (media,))


def finish(tx: Transaction, media: str) -> None:
    tx.execute("DELETE FROM uploads WHERE media = ?", (media,))
