"""Times without the centre, put on the record: since when, until when, and what stood between.

A few seconds are nobody's business; what lasts is opened as a fact, and closed by one when the centre answers again. An
outage goes on across restarts of this service and of the device.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Literal, TypeAlias

from edge_agent.model.kinds.system import OutageOpened
from edge_agent.store.database import Connection
from edge_agent.store.outages import close_outage, find_open_outage, open_outage
from edge_agent.store.writer import Writer

log = logging.getLogger(__name__)

Cause: TypeAlias = Literal["network", "broker", "centre"]
"""The line is down; the broker refuses, hangs or is not there; the broker works and the centre does not answer."""

OPEN_AFTER = 30.0
"""Seconds: a broker that is started anew makes no entry in every venue's evidence."""

_DETAIL = 200


def cause_of(error: Exception) -> Cause:
    """Say what a failed connection tells: a machine that refuses is reached, anything else is the line's."""
    return "broker" if isinstance(error, ConnectionRefusedError | ConnectionResetError | ValueError) else "network"


class OutageLog:
    """Belongs to one thread. `update` takes what keeps the centre away now, or None."""

    def __init__(self, writer: Writer, reader: Connection) -> None:
        self._writer = writer
        self._since: tuple[float, datetime] | None = None
        self._open = find_open_outage(reader)

    def update(self, trouble: tuple[Cause, str] | None) -> None:
        stamp = self._writer.clock.stamp()
        if trouble is None:
            self._since = None
            if self._open is not None:
                over = self._open
                self._writer.run(lambda tx: close_outage(tx, over))
                self._open = None
            return
        if self._since is None:
            self._since = stamp.boottime, stamp.wall
        boottime, wall = self._since
        if self._open is None and stamp.boottime - boottime >= OPEN_AFTER:
            what, detail = trouble
            begun = OutageOpened(what=what, at=wall, detail=detail[:_DETAIL])
            self._writer.run(lambda tx: open_outage(tx, begun))
            self._open = begun
            log.warning("the centre can't be reached since %s: %s %s", wall, what, detail)
