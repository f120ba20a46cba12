"""Sealed secrets by name. What is inside is not the store's business: see `edge_agent.secrets`."""

from __future__ import annotations

from edge_agent.store.database import Connection
from edge_agent.store.writer import Transaction


def save_secret(tx: Transaction, name: str, box: bytes) -> None:
    tx.execute("INSERT INTO secrets VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET box = excluded.box", (name, box))


def find_secret(connection: Connection, name: str) -> bytes | None:
    row = connection.execute("SELECT box FROM secrets WHERE name = ?", (name,)).fetchone()
    return None if row is None else bytes(row["box"])


def forget_secret(tx: Transaction, name: str) -> None:
    tx.execute("DELETE FROM secrets WHERE name = ?", (name,))
