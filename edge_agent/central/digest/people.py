"""Who the opaque ids are, out of rosters; and whom a message was asked for (一键通知)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from edge_agent.central.database import Tx
from edge_agent.central.digest.batch import Batch, Read, handles
from edge_agent.model.kinds.plan import TraineeNotified
from edge_agent.model.roster import read_roster

_READ_AT_ONCE = 50


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a roster, as its document has it."""

    trainee: str
    name: str
    document: str
    document_type: str = "resident"
    phone: str = ""
    subgroup: str = ""
    online_periods: float = 0
    certificate: str = ""


def save_people(tx: Tx, agent: int, class_id: str, rows: Iterable[Person], person: Callable[[str], str]) -> None:
    """Keep who is who, and mark those who are on more than one roster."""
    kept = [
        (agent, row.trainee, class_id, row.name, person(row.document), msgspec.json.encode(row).decode())
        for row in rows
    ]
    tx.run_many(
        "INSERT INTO people(agent, trainee, class_id, name, person, content) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT(agent, trainee) DO UPDATE SET class_id = excluded.class_id, name = excluded.name,"
        " person = excluded.person, content = excluded.content",
        kept,
    )
    tx.run_many(
        "UPDATE people SET shared = 1 WHERE person = %s AND shared = 0"
        " AND (SELECT count(*) FROM people AS same WHERE same.person = %s) > 1",
        [(row[4], row[4]) for row in kept],
    )


def read_wanted(tx: Tx, person: Callable[[str], str]) -> int:
    """Read documents that facts name and that have come; give how many."""
    rows = tx.rows(
        "SELECT wanted.agent, wanted.sha256, kind, subject, body FROM wanted JOIN documents"
        " ON documents.agent = wanted.agent AND documents.sha256 = wanted.sha256 LIMIT %s",
        (_READ_AT_ONCE,),
    )
    for agent, sha256, kind, subject, body in rows:
        tx.run("DELETE FROM wanted WHERE agent = %s AND sha256 = %s", (agent, sha256))
        try:
            if kind == "roster":
                roster = read_roster(bytes(body))
                people = [msgspec.json.decode(row.text, type=Person) for row in roster.rows]
                save_people(tx, agent, roster.class_id, people, person)
            elif kind == "teachers":
                save_teachers(tx, agent, json.loads(body)["rows"])
        except (ValueError, KeyError, TypeError, msgspec.MsgspecError) as error:
            tx.run(
                "INSERT INTO quarantine(agent, at, code, detail, message) VALUES (%s, 0, 'invalid', %s, %s)",
                (agent, f"{kind} {subject}: {error}", body),
            )
    return len(rows)


def save_teachers(tx: Tx, agent: int, rows: Iterable[dict[str, Any]]) -> None:
    tx.run_many(
        "INSERT INTO teachers VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT(agent, id) DO UPDATE SET"
        " name = excluded.name, full_time = excluded.full_time, phone = excluded.phone, classes = excluded.classes",
        [
            (
                agent,
                str(row["id"]),
                str(row["name"]),
                int(bool(row.get("full_time"))),
                str(row.get("phone") or ""),
                _classes(row.get("classes")),
            )
            for row in rows
        ],
    )


def _classes(value: Any) -> str:
    """A venue's document has the list as the text of its row."""
    return value if isinstance(value, str) and value.startswith("[") else json.dumps(list(value or ()))


@handles(TraineeNotified)
def _notified(batch: Batch, read: Read, data: TraineeNotified) -> None:
    batch.tx.run_many(
        "INSERT INTO notices(agent, class_id, trainee, asked, account) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [(batch.agent, data.class_id, trainee, read.at, read.envelope.by) for trainee in data.trainees],
    )
