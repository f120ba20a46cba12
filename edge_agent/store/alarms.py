"""The alarms that are raised now: kept beside their facts, so that a restart knows them and pages can show them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction

_KEY = "alarms"


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """`alarm` names the trouble and its subject (`camera:c1`); what is wrong and what to do are for people."""

    alarm: str
    level: Literal["warning", "critical"]
    zh: str
    en: str
    do_zh: str
    do_en: str


def keep_open(tx: Transaction, alarms: Iterable[OpenAlarm]) -> None:
    """Note which alarms are raised, in place of those before."""
    told = json.dumps([asdict(alarm) for alarm in alarms], ensure_ascii=False)
    tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (_KEY, told))


def list_open(connection: Connection) -> list[OpenAlarm]:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return [] if row is None else [OpenAlarm(**told) for told in json.loads(row["value"])]
