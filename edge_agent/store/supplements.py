"""Supplementary material for outages: filed beside the record, recognised by the district, never automatic."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from edge_agent.errors import ConflictError, unknown
from edge_agent.model.kinds.system import SupplementFiled, SupplementRecognised
from edge_agent.model.media import Media
from edge_agent.store import media as media_rows
from edge_agent.store.database import from_micros, to_micros
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Supplement:
    """`document` is the district's number once it recognised `periods` periods of `trainees`; empty before."""

    id: str
    class_id: str
    lesson: str
    media: str
    start: datetime
    end: datetime
    reason: str
    filed_by: str
    document: str
    periods: int
    trainees: tuple[str, ...]


def file_supplement(tx: Transaction, filed: SupplementFiled, media: Media, *, by: str) -> None:
    """Keep a file that is complete already, with who brought it, when and why."""
    media_rows.add(tx, media)
    tx.append(filed, by=by)
    tx.execute(
        "INSERT INTO supplements(id, class_id, lesson, media, start, end, reason, filed_by)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            filed.supplement,
            filed.class_id,
            filed.lesson,
            filed.media,
            to_micros(filed.start),
            to_micros(filed.end),
            filed.reason,
            by,
        ),
    )


def recognise(tx: Transaction, recognised: SupplementRecognised, *, by: str) -> None:
    """Note the district's recognition with its document number; once."""
    if before := get(tx.connection, recognised.supplement).document:
        raise ConflictError(
            f"{recognised.supplement}: 已认可 / was recognised by {before}.",
            do="请刷新查看认可的内容。Reload to see what was recognised.",
        )
    tx.append(recognised, by=by)
    tx.execute(
        "UPDATE supplements SET document = ?, periods = ?, trainees = ? WHERE id = ?",
        (recognised.document, recognised.periods, json.dumps(recognised.trainees), recognised.supplement),
    )


def get(connection: sqlite3.Connection, supplement: str) -> Supplement:
    """Raises `NotFoundError` where there is none."""
    row = connection.execute("SELECT * FROM supplements WHERE id = ?", (supplement,)).fetchone()
    if row is None:
        raise unknown(supplement, "补充材料", "supplement")
    return _supplement(row)


def of_class(connection: sqlite3.Connection, class_id: str) -> list[Supplement]:
    rows = connection.execute("SELECT * FROM supplements WHERE class_id = ? ORDER BY start, id", (class_id,))
    return [_supplement(row) for row in rows]


def _supplement(row: sqlite3.Row) -> Supplement:
    return Supplement(
        row["id"],
        row["class_id"],
        row["lesson"],
        row["media"],
        from_micros(row["start"]),
        from_micros(row["end"]),
        row["reason"],
        row["filed_by"],
        row["document"],
        row["periods"],
        tuple(json.loads(row["trainees"])),
    )
