"""Classes, their trainees, and how far each has come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from edge_agent.central.database import Row, Tx
from edge_agent.central.digest.people import Person
from edge_agent.central.instants import from_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, like, read_page
from edge_agent.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class TrainingClass:
    """`opens` and `closes` are ISO dates, empty in a draft that does not know them."""

    agent: int
    venue: str
    tenant: str
    id: str
    code: str
    name: str
    category: str
    opens: str
    closes: str
    required: int
    online_required: int
    policy: str
    owner: str
    revision: int
    state: str
    by_hand: bool
    warnings: tuple[str, ...]
    roster_revision: int
    roster_confirmed: bool
    trainees: tuple[str, ...]
    headcount: int
    size_exception: str


_COLUMNS = (
    "classes.agent, coalesce(nullif(venue, ''), agents.agent), agents.tenant, classes.id, code, classes.name, category,"
    " opens, closes, required, online_required, policy, owner, classes.revision, classes.state, by_hand, warnings,"
    " roster_revision, roster_confirmed, trainees, headcount, size_exception"
)


def list_classes(
    tx: Tx, scope: Scope, *, state: str = "", words: str = "", venue: int | None = None, page: int = 1
) -> Page[TrainingClass]:
    """Give classes, those that open last first."""
    condition, values = scope.where("agents.tenant")
    conditions, given = [condition], list[str | int](values)
    if state:
        conditions.append("classes.state = %s")
        given.append(state)
    if venue is not None:
        conditions.append("classes.agent = %s")
        given.append(venue)
    if words.strip():
        conditions.append("(lower(classes.name) LIKE %s ESCAPE '!' OR lower(code) LIKE %s ESCAPE '!')")
        given += [like(words.strip())] * 2
    source = f"classes JOIN agents ON agents.number = classes.agent WHERE {' AND '.join(conditions)}"
    return read_page(
        tx, _COLUMNS, source, given, order="opens DESC, classes.agent, classes.id", number=page, make=_class
    )


def get_class(tx: Tx, agent: int, identifier: str) -> TrainingClass:
    """Give a class of a venue that the caller may see. Raises `NotFoundError`."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM classes JOIN agents ON agents.number = classes.agent"
        " WHERE classes.agent = %s AND classes.id = %s",
        (agent, identifier),
    )
    if row is None:
        raise NotFoundError("No such class (没有此班级).")
    return _class(row)


def count_waiting(tx: Tx, scope: Scope) -> int:
    """Count the classes that wait for the district."""
    condition, values = scope.where("agents.tenant")
    row = tx.row(
        "SELECT count(*) FROM classes JOIN agents ON agents.number = classes.agent"
        f" WHERE classes.state = 'submitted' AND {condition}",
        values,
    )
    return int(row[0]) if row else 0


def of_venue(tx: Tx, agent: int) -> list[TrainingClass]:
    """Give all classes of a venue that were not deleted."""
    rows = tx.rows(
        f"SELECT {_COLUMNS} FROM classes JOIN agents ON agents.number = classes.agent"
        " WHERE classes.agent = %s AND classes.state <> 'deleted' ORDER BY opens, classes.id",
        (agent,),
    )
    return [_class(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Trainee:
    """`units` were closed by a sign-out, `open` were not; `notice` is the state of the message to this trainee."""

    id: str
    person: Person | None
    shared: bool
    units: int
    open: int
    notice: str
    noticed: datetime | None

    @property
    def name(self) -> str:
        return self.person.name if self.person else ""


def list_trainees(tx: Tx, found: TrainingClass) -> list[Trainee]:
    """Give the trainees of the roster in force, by name."""
    people = {
        trainee: (content, shared)
        for trainee, content, shared in tx.rows(
            "SELECT trainee, content, shared FROM people WHERE agent = %s AND class_id = %s", (found.agent, found.id)
        )
    }
    units = {
        trainee: (whole, begun)
        for trainee, whole, begun in tx.rows(
            "SELECT trainee, sum(CASE WHEN in_at IS NOT NULL AND out_at IS NOT NULL THEN 1 ELSE 0 END),"
            " sum(CASE WHEN in_at IS NOT NULL AND out_at IS NULL THEN 1 ELSE 0 END)"
            " FROM attendance WHERE agent = %s AND class_id = %s GROUP BY trainee",
            (found.agent, found.id),
        )
    }
    notices = {
        trainee: (state, at)
        for trainee, state, at in tx.rows(
            "SELECT trainee, state, at FROM notices WHERE agent = %s AND class_id = %s", (found.agent, found.id)
        )
    }
    made = []
    for trainee in found.trainees:
        content, shared = people.get(trainee, ("", 0))
        whole, begun = units.get(trainee, (0, 0))
        state, at = notices.get(trainee, ("", None))
        person = msgspec.json.decode(content, type=Person) if content else None
        noticed = None if at is None else from_micros(at)
        made.append(Trainee(trainee, person, bool(shared), int(whole), int(begun), state, noticed))
    return sorted(made, key=lambda each: (each.name == "", each.name, each.id))


def _class(row: Row) -> TrainingClass:
    made: list[Any] = list(row)
    by_hand, warnings, confirmed, trainees = 15, 16, 18, 19
    made[by_hand], made[confirmed] = bool(row[by_hand]), bool(row[confirmed])
    made[warnings], made[trainees] = tuple(json.loads(row[warnings])), tuple(json.loads(row[trainees]))
    return TrainingClass(*made)
