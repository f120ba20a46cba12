"""One person at two venues at the same time.

Rosters' commitments are salted, so they can't be compared; the centre compares a keyed hash of the document number that
it makes when a roster comes in. A visit lasts from sign-in to sign-out; one that was never closed is its moment alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros, to_micros
from edge_agent.central.staff.accounts import Scope

MOST = 500


@dataclass(frozen=True, slots=True)
class Visit:
    agent: int
    venue: str
    lesson: str
    class_name: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Duplicate:
    name: str
    person: str
    first: Visit
    second: Visit


_VISIT = (
    "{0}.agent, coalesce(nullif({0}_agent.venue, ''), {0}_agent.agent), {0}.lesson, coalesce({0}_class.name, ''),"
    " {0}.in_at, {0}.out_at"
)
_JOIN = (
    " JOIN attendance AS {0} ON {0}.agent = {0}_who.agent AND {0}.trainee = {0}_who.trainee"
    " JOIN agents AS {0}_agent ON {0}_agent.number = {0}.agent"
    " LEFT JOIN classes AS {0}_class ON {0}_class.agent = {0}.agent AND {0}_class.id = {0}.class_id"
)


def find_duplicates(tx: Tx, scope: Scope, since: datetime, until: datetime) -> list[Duplicate]:
    """Give who was signed in at two places at once, newest first; one of the two lies in the scope."""
    first, values = scope.where("a_agent.tenant")
    second, _ = scope.where("b_agent.tenant")
    rows = tx.rows(
        f"SELECT a_who.name, a_who.person, {_VISIT.format('a')}, {_VISIT.format('b')}"
        " FROM people AS a_who JOIN people AS b_who ON b_who.person = a_who.person"
        " AND (b_who.agent > a_who.agent OR (b_who.agent = a_who.agent AND b_who.trainee > a_who.trainee))"
        f"{_JOIN.format('a')}{_JOIN.format('b')}"
        " WHERE a_who.shared = 1 AND b_who.shared = 1 AND a.in_at >= %s AND a.in_at < %s"
        " AND b.in_at >= %s AND b.in_at < %s"
        " AND a.in_at <= coalesce(b.out_at, b.in_at) AND b.in_at <= coalesce(a.out_at, a.in_at)"
        # One visit may close a unit and open the next: within one venue only what truly overlaps counts.
        " AND (a.agent <> b.agent OR a.lesson <> b.lesson)"
        f" AND ({first} OR {second}) ORDER BY a.in_at DESC LIMIT %s",
        [to_micros(since), to_micros(until), to_micros(since), to_micros(until), *values, *values, MOST],
    )
    return [Duplicate(row[0], row[1], _visit(row[2:8]), _visit(row[8:14])) for row in rows]


def _visit(row: Row) -> Visit:
    agent, venue, lesson, class_name, start, end = row
    return Visit(agent, venue, lesson, class_name, from_micros(start), None if end is None else from_micros(end))
