"""Media rows: which complete files there are, what they show, and who has confirmed them."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.database import to_micros
from edge_agent.store.rows import from_row, insert, to_row
from edge_agent.store.writer import Transaction

LONGEST_SEGMENT = timedelta(minutes=15)
"""More than `capture.segment_seconds` allows, so that what reaches into a lesson is found among few rows."""

_HALVES = ("confirmed IS NULL", "confirmed IS NOT NULL")
"""Each half of the files that are there has an index by kind and start; for both at once the whole table is read."""

_HELD = "archived IS NOT NULL"
_FREE = f"(requested = 0 OR {_HELD})"


@dataclass(frozen=True, slots=True)
class Numbered:
    """`number` grows with each file that is added."""

    number: int
    media: Media


def new_media_id() -> str:
    return secrets.token_hex(8)


def add(tx: Transaction, media: Media, **attributes: Any) -> None:
    """Add a complete file's row; `attributes` are kept as JSON (codec, size of the picture ...)."""
    row = to_row(media, attributes=json.dumps(attributes, ensure_ascii=False))
    tx.execute(insert("media", row), row)


def find(connection: sqlite3.Connection, identifier: str) -> Media | None:
    row = connection.execute("SELECT * FROM media WHERE id = ?", (identifier,)).fetchone()
    return None if row is None else from_row(Media, row)


def attributes(connection: sqlite3.Connection, identifier: str) -> dict[str, Any]:
    row = connection.execute("SELECT attributes FROM media WHERE id = ?", (identifier,)).fetchone()
    return {} if row is None else dict(json.loads(row["attributes"]))


def of_lesson(connection: sqlite3.Connection, lesson: str, kind: MediaKind, *, deleted: bool = False) -> list[Media]:
    """Give a lesson's media of a kind by start; deleted ones only where asked for."""
    gone = "" if deleted else " AND deleted IS NULL"
    rows = connection.execute(
        f"SELECT * FROM media WHERE lesson = ? AND kind = ?{gone} ORDER BY start",  # noqa: S608 - a constant
        (lesson, kind.value),
    )
    return [from_row(Media, row) for row in rows]


def of_camera(
    connection: sqlite3.Connection, camera: str, kind: MediaKind, start: datetime, end: datetime
) -> list[Media]:
    """Give a camera's media of a kind that overlap the span, by start; none is longer than a segment."""
    rows = connection.execute(
        "SELECT * FROM media WHERE camera = ? AND kind = ? AND start >= ? AND start < ? AND end > ? AND deleted IS NULL"
        " ORDER BY start",
        (camera, kind.value, to_micros(start - LONGEST_SEGMENT), to_micros(end), to_micros(start)),
    )
    return [from_row(Media, row) for row in rows]


def carried_over(connection: sqlite3.Connection, lesson: str, cameras: Iterable[str], taught: Span) -> list[Media]:
    """Give the recordings of these cameras that reach into `taught` and are filed under another lesson; deleted ones
    too, because they were there.

    Lessons that follow each other are one stream, which is cut at the first keyframe after the boundary: the seconds
    before it lie with the lesson before.
    """
    found = []
    for camera in cameras:
        rows = connection.execute(
            "SELECT * FROM media WHERE camera = ? AND kind = ? AND start BETWEEN ? AND ? AND end > ? AND lesson <> ?"
            " ORDER BY start",
            (
                camera,
                MediaKind.RECORDING.value,
                to_micros(taught.start - LONGEST_SEGMENT),
                to_micros(taught.end),
                to_micros(taught.start),
                lesson,
            ),
        )
        found += [from_row(Media, row) for row in rows]
    return found


def unconfirmed(connection: sqlite3.Connection, kinds: Iterable[MediaKind], limit: int) -> list[Media]:
    """Give files that the centre has not confirmed, in the order of `kinds`, oldest first."""
    found: list[Media] = []
    for kind in kinds:
        rows = connection.execute(
            "SELECT * FROM media WHERE kind = ? AND confirmed IS NULL AND deleted IS NULL ORDER BY start LIMIT ?",
            (kind.value, limit - len(found)),
        )
        found += [from_row(Media, row) for row in rows]
        if len(found) >= limit:
            break
    return found


def cards(connection: sqlite3.Connection, trainee: str) -> dict[str, Media]:
    """Give the newest picture of each side of a trainee's card, by side."""
    rows = _there(connection, MediaKind.CARD, "attributes ->> 'trainee' = :trainee", trainee=trainee)
    return {json.loads(row["attributes"])["side"]: from_row(Media, row) for row in rows}


def present(connection: sqlite3.Connection, kind: MediaKind) -> Iterator[Media]:
    """Give all files of a kind that should be on the disk."""
    for row in _there(connection, kind):
        yield from_row(Media, row)


def paths(connection: sqlite3.Connection, kind: MediaKind) -> set[str]:
    """Give where the files of a kind should be: `present` for a service that starts beside a hundred thousand."""
    found: set[str] = set()
    for half in _HALVES:
        rows = connection.execute(
            f"SELECT path FROM media WHERE kind = ? AND deleted IS NULL AND {half}",  # noqa: S608 - a constant
            (kind.value,),
        )
        found.update(path for (path,) in rows)
    return found


def _there(
    connection: sqlite3.Connection,
    kind: MediaKind,
    where: str = "1",
    *,
    limit: int = -1,
    newest: bool = False,
    **values: Any,
) -> Iterator[sqlite3.Row]:
    """Give rows of files of a kind that are there, by start; the `newest` come first where it is said."""
    halves = " UNION ALL ".join(
        f"SELECT * FROM media WHERE kind = :kind AND deleted IS NULL AND {half} AND {where}"  # noqa: S608 - constants
        for half in _HALVES
    )
    order = "start DESC, id DESC" if newest else "start, id"
    yield from connection.execute(
        f"{halves} ORDER BY {order} LIMIT :limit", {"kind": kind.value, "limit": limit, **values}
    )


def undated(connection: sqlite3.Connection) -> list[tuple[Media, Stamp]]:
    """Give the recordings whose time an untrusted clock told, each with that clock at its start."""
    rows = connection.execute(
        "SELECT media.*, attributes ->> '$.clock.boot_id' AS boot, attributes ->> '$.clock.boottime' AS boottime"
        " FROM media WHERE kind = ? AND json_type(attributes, '$.clock') IS NOT NULL ORDER BY start",
        (MediaKind.RECORDING.value,),
    )
    return [
        (row, Stamp(row.start, boot, boottime, Trust.UNTRUSTED, 0.0))
        for row, boot, boottime in ((from_row(Media, each), each["boot"], each["boottime"]) for each in rows)
    ]


def date(tx: Transaction, identifier: str, shown: Span, lesson: str) -> None:
    """Move a recording to when it really was; the fact is the caller's."""
    tx.execute(
        "UPDATE media SET start = ?, end = ?, lesson = ?, attributes = json_remove(attributes, '$.clock') WHERE id = ?",
        (to_micros(shown.start), to_micros(shown.end), lesson, identifier),
    )


def digests_between(connection: sqlite3.Connection, start: datetime, end: datetime) -> list[str]:
    """Give the SHA-256 of the media that begin in [start, end), sorted; deleted ones too, because they were there."""
    # Cameras one by one, by what the index holds of them: there is none by start alone, which every segment would pay.
    rows = connection.execute(
        "WITH RECURSIVE source(camera) AS (SELECT min(camera) FROM media UNION ALL"
        " SELECT (SELECT min(camera) FROM media WHERE camera > source.camera) FROM source WHERE camera IS NOT NULL)"
        " SELECT sha256 FROM source CROSS JOIN media USING (camera)"
        " WHERE kind IN (SELECT value FROM json_each(?)) AND start >= ? AND start < ? ORDER BY sha256",
        (json.dumps([kind.value for kind in MediaKind]), to_micros(start), to_micros(end)),
    )
    return [row["sha256"] for row in rows]


def recording_rate(connection: sqlite3.Connection) -> float | None:
    """Give the bytes a second of the last recordings, or None before the first."""
    rows = list(_there(connection, MediaKind.RECORDING, "end > start", limit=500, newest=True))
    seconds = sum(row["end"] - row["start"] for row in rows) / 1e6
    return sum(row["size"] for row in rows) / seconds if rows else None


def uncounted(connection: sqlite3.Connection, since: datetime) -> Media | None:
    """Give the oldest snapshot since then in which nobody has counted heads."""
    where = "start >= :since AND json_type(attributes, '$.heads') IS NULL"
    rows = list(_there(connection, MediaKind.SNAPSHOT, where, limit=1, since=to_micros(since)))
    return from_row(Media, rows[0]) if rows else None


def note_heads(tx: Transaction, identifier: str, heads: int | None) -> None:
    """Note how many heads a snapshot shows, None where that can't be told; the fact is the caller's."""
    tx.execute("UPDATE media SET attributes = json_set(attributes, '$.heads', ?) WHERE id = ?", (heads, identifier))


def confirm(tx: Transaction, identifier: str, sha256: str, *, by: str) -> bool:
    """Note that the centre holds the same bytes; False, and nothing changed, where the hash differs."""
    done = tx.execute(
        "UPDATE media SET confirmed = ?, confirmed_by = ? WHERE id = ? AND sha256 = ?",
        (to_micros(tx.stamp.wall), by, identifier, sha256),
    )
    return done.rowcount == 1


def confirmed_by(connection: sqlite3.Connection, identifier: str) -> str:
    """Say who confirmed a file, `centre` or `archive`; empty before anybody did."""
    row = connection.execute("SELECT confirmed_by, archived FROM media WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        return ""
    return row["confirmed_by"] or ("" if row["archived"] is None else "archive")


def mark_archived(tx: Transaction, identifier: str) -> None:
    """Note that an archive disk holds the same bytes: they were read back from it."""
    tx.execute("UPDATE media SET archived = ? WHERE id = ?", (to_micros(tx.stamp.wall), identifier))


def unarchived(connection: sqlite3.Connection, after: int, kinds: Iterable[MediaKind], limit: int) -> list[Numbered]:
    """Give the next files without a copy, in the order in which they came, with numbers to go on from."""
    names = [kind.value for kind in kinds]
    rows = connection.execute(
        "SELECT rowid AS number, * FROM media WHERE rowid > ? AND kind IN (SELECT value FROM json_each(?))"
        " AND archived IS NULL AND deleted IS NULL ORDER BY rowid LIMIT ?",
        (after, json.dumps(names), limit),
    )
    return [Numbered(row["number"], from_row(Media, row)) for row in rows]


def count_unarchived(connection: sqlite3.Connection, after: int, kinds: Iterable[MediaKind]) -> int:
    names = [kind.value for kind in kinds]
    (count,) = connection.execute(
        "SELECT count(*) FROM media WHERE rowid > ? AND kind IN (SELECT value FROM json_each(?))"
        " AND archived IS NULL AND deleted IS NULL",
        (after, json.dumps(names)),
    ).fetchone()
    return int(count)


def ended_before(
    connection: sqlite3.Connection, kind: MediaKind, before: datetime, *, promised: bool, limit: int
) -> list[Media]:
    """Give the oldest files of a kind that ended before a moment; of what is `promised` those alone that are held."""
    found: list[Media] = []
    for condition in ("confirmed IS NOT NULL", f"confirmed IS NULL AND {_HELD if promised else _FREE}"):
        rows = connection.execute(
            f"SELECT * FROM media WHERE kind = ? AND start < ? AND end <= ? AND deleted IS NULL AND {condition}"  # noqa: S608 - constants
            " ORDER BY start LIMIT ?",
            (kind.value, to_micros(before), to_micros(before), limit),
        )
        found += [from_row(Media, row) for row in rows]
    return sorted(found, key=lambda media: media.start)[:limit]


def request(tx: Transaction, identifier: str) -> bool:
    return tx.execute("UPDATE media SET requested = 1 WHERE id = ?", (identifier,)).rowcount == 1


def mark_deleted(tx: Transaction, identifier: str) -> None:
    tx.execute("UPDATE media SET deleted = ? WHERE id = ?", (to_micros(tx.stamp.wall), identifier))
