"""What a room's visits left on the device's record, and what of it the centre has not got yet.

A kiosk tells it where a line is down, so that nobody comes twice or believes a sign-in lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from edge_agent.checkin.board import Board
from edge_agent.model.stamp import Stamp
from edge_agent.store.database import Connection
from edge_agent.store.outages import find_open
from edge_agent.store.outbox import find_acked, read_backlog
from edge_agent.store.provisional import count_waiting


@dataclass(frozen=True, slots=True)
class Saved:
    """`visits` are today's sign-ins and sign-outs; without the time, those that wait to be judged.

    `waiting` facts of any kind are not with the centre, which can't be reached since `away`; None while it can.
    """

    visits: int = 0
    waiting: int = 0
    away: datetime | None = None


def saved(connection: Connection, shown: Board, stamp: Stamp, zone: tzinfo) -> Saved:
    """Give it as of `stamp`, for the room of the board `shown`."""
    today = stamp.wall.astimezone(zone).date()
    held = [sheet for sheet in shown.near if sheet.lesson.date == today]
    taps = sum(len(sheet.signed_in) + len(sheet.signed_out) for sheet in held)
    outage = find_open(connection, "sync")
    return Saved(
        visits=taps if shown.trusted else count_waiting(connection),
        waiting=0 if outage is None else read_backlog(connection, find_acked(connection)).count,
        away=None if outage is None else outage.at,
    )
