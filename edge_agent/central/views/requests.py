"""Recordings that were asked for, by lesson, and how many came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.central.database import Row, Tx
from edge_agent.central.instants import from_micros
from edge_agent.central.staff.accounts import Scope
from edge_agent.central.views.paging import Page, read_page


@dataclass(frozen=True, slots=True)
class MediaRequest:
    agent: int
    venue: str
    lesson: str
    class_name: str
    day: str
    start: str
    by: str
    at: datetime
    files: int
    here: int


_SOURCE = (
    "(SELECT media_requests.agent, media_requests.lesson, max(account) AS account, max(media_requests.at) AS asked_at,"
    " count(*) AS files, count(media.id) AS here FROM media_requests JOIN agents ON number = media_requests.agent"
    " LEFT JOIN media ON media.agent = media_requests.agent AND media.id = media_requests.media"
    " WHERE {} GROUP BY media_requests.agent, media_requests.lesson) AS asked"
)
_JOINS = (
    " JOIN agents ON number = asked.agent"
    " LEFT JOIN lessons ON lessons.agent = asked.agent AND lessons.id = asked.lesson"
    " LEFT JOIN classes ON classes.agent = asked.agent AND classes.id = class_id"
)


def list_requests(tx: Tx, scope: Scope, *, page: int = 1) -> Page[MediaRequest]:
    condition, values = scope.where("agents.tenant")

    def make(row: Row) -> MediaRequest:
        agent, venue, lesson, class_name, day, start, by, at, files, here = row
        return MediaRequest(agent, venue, lesson, class_name, day, start, by, from_micros(at), files, here)

    return read_page(
        tx,
        "asked.agent, coalesce(nullif(venue, ''), agents.agent), asked.lesson, coalesce(classes.name, ''),"
        " coalesce(day, ''), coalesce(start, ''), account, asked_at, files, here",
        _SOURCE.format(condition) + _JOINS,
        values,
        order="asked_at DESC, asked.agent, asked.lesson",
        number=page,
        make=make,
    )
