"""Which files are to go to the centre, and how far each has got."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from edge_agent.model.media import Media, MediaKind
from edge_agent.store.database import Connection, to_micros
from edge_agent.store.rows import from_row
from edge_agent.store.writer import Transaction

_WAITS = """kind = :kind AND confirmed IS NULL AND deleted IS NULL AND (NOT :consent OR EXISTS(
    SELECT 1 FROM consents WHERE trainee = json_extract(attributes, '$.trainee') AND purpose = 'upload'
    AND withdrawn IS NULL))"""
# By an index of their own: years of recordings that nobody asked for are not to be walked at every look.
_ASKED = f"requested = 1 AND {_WAITS}"
_NEXT = """SELECT media.*, url, failures, headers FROM media LEFT JOIN uploads ON uploads.media = media.id
    WHERE {} AND (coalesce(due, 0) <= :now OR due > :latest) ORDER BY start LIMIT 1"""
_COUNT = "SELECT count(*), coalesce(sum(size), 0) FROM media WHERE {}"


LONGEST_PAUSE = timedelta(hours=6)
"""A pause that would last longer was noted under a clock that has been put right since: it is over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind whose turn it is: `all` of it, or only the files that were asked for.

    With `consent` only pictures of trainees who have agreed to their upload, and have not taken it back.
    """

    kind: MediaKind
    all: bool
    consent: bool = False

    @property
    def waits(self) -> str:
        """The condition of a file that is to go."""
        return _WAITS if self.all else _ASKED

    @property
    def turns(self) -> tuple[str, ...]:
        """The conditions in their order: what somebody asked for goes before the rest of its kind."""
        return (_ASKED, _WAITS) if self.all else (_ASKED,)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file, the address under which the server takes it (empty: none yet), and the failures so far.

    `headers` belong to a presigned address, which takes one PUT; None says that the address is one of tus.
    """

    media: Media
    url: str
    failures: int
    headers: dict[str, str] | None = None


def next_upload(connection: Connection, wanted: Sequence[Wanted], now: datetime) -> Upload | None:
    """Give the first file of the first kind that has one and whose pause after a failure is over."""
    times = {"now": to_micros(now), "latest": to_micros(now + LONGEST_PAUSE)}
    for kind, waits in ((each, waits) for each in wanted for waits in each.turns):
        row = connection.execute(_NEXT.format(waits), asdict(kind) | times).fetchone()
        if row is not None:
            headers = None if row["headers"] is None else json.loads(row["headers"])
            return Upload(from_row(Media, row), row["url"] or "", row["failures"] or 0, headers)
    return None


@dataclass(frozen=True, slots=True)
class Waiting:
    count: int
    size: int


def read_waiting(connection: Connection, wanted: Sequence[Wanted]) -> Waiting:
    """Count what waits, pauses or not."""
    count = size = 0
    for turn in wanted:
        row = connection.execute(_COUNT.format(turn.waits), asdict(turn)).fetchone()
        count, size = count + row[0], size + row[1]
    return Waiting(count, size)


def begin(tx: Transaction, media: str, url: str) -> None:
    """Keep the address that the server gave."""
    _address(tx, media, url, None)


def presign(tx: Transaction, media: str, url: str, headers: Mapping[str, str]) -> None:
    """Keep the address of an S3 store that takes this file."""
    _address(tx, media, url, json.dumps(dict(headers)))


def pause(tx: Transaction, media: str, *, sent: int, until: datetime, error: str) -> None:
    """Note a failure: the file's turn comes again after `until`."""
    tx.execute(
        "INSERT INTO uploads(media, sent, failures, due, error) VALUES (?, ?, 1, ?, ?) ON CONFLICT(media) DO UPDATE SET"
        " sent = excluded.sent, failures = failures + 1, due = excluded.due, error = excluded.error",
        (media, sent, to_micros(until), error),
    )


def forget_address(tx: Transaction, media: str) -> None:
    """The server no longer knows the address: begin anew."""
    tx.execute("UPDATE uploads SET url = '', headers = NULL, sent = 0 WHERE media = ?", (media,))


def _address(tx: Transaction, media: str, url: str, headers: str | None) -> None:
    tx.execute(
        "INSERT INTO uploads(media, url, headers) VALUES (?, ?, ?)"
        " ON CONFLICT(media) DO UPDATE SET url = excluded.url, headers = excluded.headers, sent = 0, due = 0",
        (media, url, headers),
    )


def finish(tx: Transaction, media: str) -> None:
    tx.execute("DELETE FROM uploads WHERE media = ?", (media,))
