"""Looks of a test into a database: each is closed when the test ends (`tests/conftest.py`)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge_agent.store.database import connect

_open: list[sqlite3.Connection] = []


def look(database: Path, *, readonly: bool = True) -> sqlite3.Connection:
    """Give a connection; several tests' lines want one each, and none of them the care for it."""
    connection = connect(database, readonly=readonly)
    _open.append(connection)
    return connection


def close_looks() -> None:
    while _open:
        _open.pop().close()
