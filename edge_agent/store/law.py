"""The impact assessment of this device (人脸识别技术应用安全管理办法, 2025): without one nobody is recognised."""

from __future__ import annotations

from edge_agent.model.kinds.people import AssessmentRegistered
from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction

_KEY = "impact_assessment"


def register(tx: Transaction, number: str, *, by: str) -> None:
    """Note the assessment's number; an empty one ends recognition. What stood there before changes nothing."""
    number = number.strip()
    if number == registered(tx.connection, configured=""):
        return
    tx.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (_KEY, number))
    tx.append(AssessmentRegistered(number=number), by=by)


def registered(connection: Connection, *, configured: str) -> str:
    """Give the number that an administrator entered, else the one that the configuration names, else nothing."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return configured if row is None else str(row[0])
