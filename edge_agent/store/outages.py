"""The outage that goes on now, if one does: opened and closed with its fact, in one transaction."""

from __future__ import annotations

import json
from datetime import datetime

from edge_agent.model.kinds.system import OutageClosed, OutageOpened
from edge_agent.model.stamp import instant
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction

_KEY = "outage.sync"
_BOOT = "outage.boot"


def open_outage(tx: Transaction, outage: OutageOpened) -> None:
    told = json.dumps({"what": outage.what, "at": instant(outage.at), "detail": outage.detail}, ensure_ascii=False)
    tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (_KEY, told))
    tx.append(outage)


def close_outage(tx: Transaction, outage: OutageOpened) -> None:
    tx.execute("DELETE FROM meta WHERE key = ?", (_KEY,))
    tx.append(OutageClosed(what=outage.what, start=outage.at, end=tx.stamp.wall, detail=outage.detail))


def find_open_outage(connection: Connection) -> OutageOpened | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    if row is None:
        return None
    told = json.loads(row[0])
    return OutageOpened(what=told["what"], at=datetime.fromisoformat(told["at"]), detail=told["detail"])


def known_boot(connection: Connection) -> str:
    """Give the boot up to which the record says when there was no power; nothing before the first."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_BOOT,)).fetchone()
    return "" if row is None else str(row[0])


def note_boot(tx: Transaction, boot_id: str) -> None:
    tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (_BOOT, boot_id))
