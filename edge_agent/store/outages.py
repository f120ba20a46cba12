"""Times when something that a venue needs was away: opened and closed with its fact, in one transaction.

A few seconds are nobody's business; what lasts is opened as a fact, and closed by one when it is over. An outage goes
on across restarts of the service that watches for it and of the device.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Literal, TypeAlias

from edge_agent.model.kinds.system import OutageClosed, OutageOpened
from edge_agent.model.stamp import instant
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

What: TypeAlias = Literal["network", "broker", "centre", "disk"]
"""The line is down; the broker refuses, hangs or is not there; the broker works and the centre does not answer; no
space for video. What a power cut needs is `upkeep.power`: nobody can note one while it lasts."""

OPEN_AFTER = 30.0
"""Seconds: a broker that is started anew makes no entry in every venue's evidence."""

_BOOT = "outage.boot"
_DETAIL = 200


class OutageLog:
    """Belongs to one thread of one service. `name` says whose it is, so that two services each have their own.

    `update` takes what is amiss now and in which words, or None.
    """

    def __init__(self, name: str, writer: Writer, reader: Connection) -> None:
        self._key = f"outage.{name}"
        self._writer = writer
        self._since: tuple[float, datetime] | None = None
        self._open = find_open(reader, name)

    def update(self, trouble: tuple[What, str] | None) -> None:
        stamp = self._writer.clock.stamp()
        if trouble is None:
            self._since = None
            if self._open is not None:
                over = self._open
                self._writer.run(lambda tx: _close(tx, self._key, over))
                self._open = None
            return
        if self._since is None:
            self._since = stamp.boottime, stamp.wall
        boottime, wall = self._since
        if self._open is None and stamp.boottime - boottime >= OPEN_AFTER:
            what, detail = trouble
            begun = OutageOpened(what=what, at=wall, detail=detail[:_DETAIL])
            self._writer.run(lambda tx: _open(tx, self._key, begun))
            self._open = begun
            log.warning("an outage goes on since %s: %s %s", wall, what, detail)


def _open(tx: Transaction, key: str, outage: OutageOpened) -> None:
    told = json.dumps({"what": outage.what, "at": instant(outage.at), "detail": outage.detail}, ensure_ascii=False)
    _note(tx, key, told)
    tx.append(outage)


def _close(tx: Transaction, key: str, outage: OutageOpened) -> None:
    tx.execute("DELETE FROM meta WHERE key = ?", (key,))
    tx.append(OutageClosed(what=outage.what, start=outage.at, end=tx.stamp.wall, detail=outage.detail))


def find_open(connection: Connection, name: str) -> OutageOpened | None:
    """Give the outage of that name that goes on now, if one does."""
    value = _read(connection, f"outage.{name}")
    if not value:
        return None
    told = json.loads(value)
    return OutageOpened(what=told["what"], at=datetime.fromisoformat(told["at"]), detail=told["detail"])


def known_boot(connection: Connection) -> str:
    """Give the boot up to which the record says when there was no power; nothing before the first."""
    return _read(connection, _BOOT)


def note_boot(tx: Transaction, boot_id: str) -> None:
    _note(tx, _BOOT, boot_id)


def _read(connection: Connection, key: str) -> str:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return "" if row is None else str(row[0])


def _note(tx: Transaction, key: str, value: str) -> None:
    tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (key, value))
