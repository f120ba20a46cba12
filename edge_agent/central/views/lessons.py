"""Lessons with their verdicts, attendance, pictures and recordings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, read_page
from edge_agent.errors import NotFoundError
from edge_agent.model.kinds.capture import GapClosed, SegmentClosed
from edge_agent.sync.contract.facts import check_body

MOST_SEGMENTS = 2000


@dataclass(frozen=True, slots=True)
class Lesson:
    agent: int
    venue: str
    tenant: str
    id: str
    class_id: str
    class_name: str
    day: str
    start: str
    periods: int
    room: str
    subject: str
    teacher: str
    subgroup: str
    kind: str
    ends: str
    confirmed: bool
    revision: int
    change: str
    cancelled: bool
    reason: str
    verdict: str
    reasons: tuple[str, ...]
    segments: int
    seconds: int
    bytes: int
    gaps: int
    places: tuple[int, int]
    expected: int
    signed_in: int
    signed_out: int
    taken: int
    missed: int

    @property
    def title(self) -> str:
        return self.class_name or self.class_id


_COLUMNS = """
    lessons.agent, coalesce(nullif(venue, ''), agents.agent), agents.tenant, lessons.id, class_id,
    coalesce(classes.name, ''), day, start, periods, coalesce(rooms.name, lessons.room), subject,
    coalesce(teachers.name, ''), subgroup, kind, ends, confirmed, lessons.revision, change, cancelled, reason,
    verdict, reasons, segments, seconds, bytes, gaps, first_place, last_place, coalesce(headcount, 0),
    (SELECT count(DISTINCT trainee) FROM attendance WHERE attendance.agent = lessons.agent
        AND attendance.lesson = lessons.id AND in_at IS NOT NULL),
    (SELECT count(DISTINCT trainee) FROM attendance WHERE attendance.agent = lessons.agent
        AND attendance.lesson = lessons.id AND in_at IS NOT NULL AND out_at IS NOT NULL),
    (SELECT count(*) FROM snapshots WHERE snapshots.agent = lessons.agent AND snapshots.lesson = lessons.id
        AND snapshots.state = 'taken' AND slot_kind <> 'hand'),
    (SELECT count(*) FROM snapshots WHERE snapshots.agent = lessons.agent AND snapshots.lesson = lessons.id
        AND snapshots.state = 'missed')"""
_JOINS = (
    " JOIN agents ON agents.number = lessons.agent"
    " LEFT JOIN classes ON classes.agent = lessons.agent AND classes.id = class_id"
    " LEFT JOIN rooms ON rooms.agent = lessons.agent AND rooms.room = lessons.room"
    " LEFT JOIN teachers ON teachers.agent = lessons.agent AND teachers.id = lessons.teacher"
)


def list_lessons(
    tx: Tx,
    scope: Scope,
    *,
    since: str = "",
    until: str = "",
    verdict: str = "",
    venue: int | None = None,
    class_id: str = "",
    unconfirmed: bool = False,
    page: int = 1,
) -> Page[Lesson]:
    """Give lessons by day and time; `verdict` "open" means that there is none yet."""
    condition, values = scope.of_agents("agent")
    conditions, given = [condition], list[str | int](values)
    for text, value in (("day >= %s", since), ("day <= %s", until), ("class_id = %s", class_id)):
        if value:
            conditions.append(text)
            given.append(value)
    if verdict:
        conditions.append("verdict = %s")
        given.append("" if verdict == "open" else verdict)
    if venue is not None:
        conditions.append("agent = %s")
        given.append(venue)
    if unconfirmed:
        conditions.append("confirmed = 0")
    # The rows of the page are found first, and only they are joined and counted.
    found = read_page(
        tx,
        "agent, id",
        f"lessons WHERE {' AND '.join(conditions)}",
        given,
        # An index gives either order; within a venue another one than among all.
        order="day, start, agent, id" if venue is None else "day, start, id",
        number=page,
        make=lambda row: (int(row[0]), str(row[1])),
    )
    rows = _read(tx, found.items)
    return Page([rows[key] for key in found.items], found.number, found.total)


def get_lesson(tx: Tx, agent: int, identifier: str) -> Lesson:
    """Give one lesson of a venue that the caller may see. Raises `NotFoundError`."""
    found = _read(tx, [(agent, identifier)])
    if not found:
        raise NotFoundError("No such lesson (没有此课程).")
    return found[agent, identifier]


def count_verdicts(tx: Tx, scope: Scope, day: str) -> dict[str, int]:
    condition, values = scope.of_agents("agent")
    rows = tx.rows(
        f"SELECT verdict, count(*) FROM lessons WHERE day = %s AND {condition} GROUP BY verdict", [day, *values]
    )
    return {verdict or "open": int(count) for verdict, count in rows}


def _read(tx: Tx, keys: list[tuple[int, str]]) -> dict[tuple[int, str], Lesson]:
    if not keys:
        return {}
    marks = ", ".join(["(%s, %s)"] * len(keys))
    # A join with the wanted keys: SQLite reads the whole table for `(agent, id) IN (VALUES ...)`.
    rows = tx.rows(
        f"WITH wanted(number, lesson) AS (VALUES {marks}) SELECT {_COLUMNS} FROM wanted"
        f" JOIN lessons ON lessons.agent = wanted.number AND lessons.id = wanted.lesson{_JOINS}",
        [part for key in keys for part in key],
    )
    return {(row[0], row[3]): _lesson(row) for row in rows}


def _lesson(row: Row) -> Lesson:
    made: list[Any] = list(row)
    confirmed, cancelled, reasons, first, last = 15, 18, 21, 26, 27
    made[confirmed], made[cancelled] = bool(row[confirmed]), bool(row[cancelled])
    made[reasons] = tuple(json.loads(row[reasons]))
    made[first : last + 1] = [(row[first], row[last])]
    return Lesson(*made)


@dataclass(frozen=True, slots=True)
class Tap:
    """One trainee's sign-in and sign-out of one unit; `unit` as people count, from 1, or its date."""

    trainee: str
    name: str
    unit: str
    in_at: datetime | None
    in_how: str
    out_at: datetime | None
    out_how: str
    corrected: str


def list_taps(tx: Tx, agent: int, lesson: str) -> list[Tap]:
    rows = tx.rows(
        "SELECT attendance.trainee, coalesce(name, ''), unit, in_at, in_how, out_at, out_how, corrected"
        " FROM attendance LEFT JOIN people ON people.agent = attendance.agent AND people.trainee = attendance.trainee"
        " WHERE attendance.agent = %s AND lesson = %s ORDER BY unit, name, attendance.trainee",
        (agent, lesson),
    )
    return [
        Tap(trainee, name, unit.rpartition("/")[2], _instant(in_at), in_how, _instant(out_at), out_how, corrected)
        for trainee, name, unit, in_at, in_how, out_at, out_how, corrected in rows
    ]


@dataclass(frozen=True, slots=True)
class Shot:
    """`here` says that the centre holds the picture."""

    agent: int
    lesson: str
    title: str
    slot: str
    period: int | None
    kind: str
    state: str
    at: datetime | None
    source: str
    media: str
    heads: int | None
    cause: str
    here: bool


_SHOT = (
    "snapshots.agent, snapshots.lesson, slot, period, slot_kind, snapshots.state, snapshots.at, source,"
    " snapshots.media, heads, cause, media.id IS NOT NULL"
)
_SHOTS = "snapshots LEFT JOIN media ON media.agent = snapshots.agent AND media.id = snapshots.media"


def list_shots(tx: Tx, agent: int, lesson: str) -> list[Shot]:
    rows = tx.rows(
        f"SELECT {_SHOT}, '' FROM {_SHOTS} WHERE snapshots.agent = %s AND snapshots.lesson = %s"
        " ORDER BY period IS NULL, period, CASE slot_kind WHEN 'opening' THEN 1 WHEN 'middle' THEN 2 WHEN 'closing'"
        " THEN 3 ELSE 4 END, slot",
        (agent, lesson),
    )
    return [_shot(row) for row in rows]


def page_shots(tx: Tx, scope: Scope, *, since: int, until: int, venue: int | None, page: int) -> Page[Shot]:
    """Give the pictures taken between two instants, newest first."""
    condition, values = scope.of_agents("snapshots.agent")
    given: list[str | int] = [since, until, *values]
    source = f"{_SHOTS} WHERE snapshots.at >= %s AND snapshots.at < %s AND {condition}"
    if venue is not None:
        source += " AND snapshots.agent = %s"
        given.append(venue)
    columns = f"{_SHOT}, (SELECT coalesce(nullif(venue, ''), agents.agent) FROM agents WHERE number = snapshots.agent)"
    return read_page(
        tx, columns, source, given, order="snapshots.at DESC, snapshots.agent DESC, slot DESC", number=page, make=_shot
    )


def _shot(row: Row) -> Shot:
    agent, lesson, slot, period, kind, state, at, source, media, heads, cause, here, title = row
    made = (agent, lesson, title, slot, period, kind, state, _instant(at), source, media, heads, cause, bool(here))
    return Shot(*made)


@dataclass(frozen=True, slots=True)
class Segment:
    """A minute of video at the venue. `state`: here, asked, gone (deleted or lost there) or there."""

    media: str
    camera: str
    start: datetime
    end: datetime
    sha256: str
    size: int
    codec: str
    state: str


@dataclass(frozen=True, slots=True)
class Gap:
    camera: str
    start: datetime
    end: datetime
    cause: str


def read_recordings(tx: Tx, lesson: Lesson) -> tuple[list[Segment], list[Gap]]:
    """Read a lesson's recordings and gaps out of the facts among which they stand."""
    rows = tx.rows(
        "SELECT body FROM facts WHERE agent = %s AND place >= %s AND place <= %s AND kind IN (%s, %s) AND flaw = ''"
        " ORDER BY place LIMIT %s",
        (lesson.agent, *lesson.places, SegmentClosed.KIND, GapClosed.KIND, 10 * MOST_SEGMENTS),
    )
    segments: list[SegmentClosed] = []
    gaps: list[Gap] = []
    for (body,) in rows:
        _, envelope, _ = check_body(bytes(body))
        data = envelope.data if envelope is not None else None
        if isinstance(data, SegmentClosed) and lesson.id in data.lessons:
            segments.append(data)
        elif isinstance(data, GapClosed) and data.lesson == lesson.id:
            gaps.append(Gap(data.camera, data.start, data.end, data.cause))
    states = _media_states(tx, lesson.agent, [each.media for each in segments[:MOST_SEGMENTS]])
    found = [
        Segment(
            each.media,
            each.camera,
            each.start,
            each.end,
            each.sha256,
            each.size,
            each.codec,
            states.get(each.media, "there"),
        )
        for each in segments[:MOST_SEGMENTS]
    ]
    return sorted(found, key=lambda each: (each.camera, each.start)), gaps


# What comes later counts more: a file that the centre holds may be gone at the venue.
_HOLDERS = (("asked", "media_requests", "media"), ("gone", "media_gone", "media"), ("here", "media", "id"))


def _media_states(tx: Tx, agent: int, media: list[str]) -> dict[str, str]:
    states: dict[str, str] = {}
    for begin in range(0, len(media), 500):
        some = media[begin : begin + 500]
        marks = ", ".join(["%s"] * len(some))
        for state, table, column in (
            ("asked", "media_requests", "media"),
            ("gone", "media_gone", "media"),
            ("here", "media", "id"),
        ):
            rows = tx.rows(f"SELECT {column} FROM {table} WHERE agent = %s AND {column} IN ({marks})", [agent, *some])
            states |= {identifier: state for (identifier,) in rows}
    return states


def total(segments: list[Segment]) -> timedelta:
    return sum((each.end - each.start for each in segments), timedelta(0))


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
