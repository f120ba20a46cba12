"""What the journal tells of the time before this start: when the device was last alive, and why we were not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from edge_agent.capture.causes import Cause
from edge_agent.model.stamp import Stamp
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_last
from edge_agent.store.lives import ended_in_order, last_sign


@dataclass(frozen=True, slots=True)
class History:
    """`alive` is when anything was last put on the record."""

    alive: datetime
    down: Cause


def read_history(connection: Connection, now: Stamp) -> History:
    """Read it before this start is put on the record itself."""
    last = read_last(connection)
    own = last_sign(connection, "capture")
    lost_power = own is not None and not ended_in_order(own) and own.stamp.boot_id != now.boot_id
    alive = min(last.stamp.wall, now.wall) if last else now.wall
    return History(alive, Cause.POWER_LOSS if lost_power else Cause.SERVICE_DOWN)
