"""One suite over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.central.database import Database, open_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new empty database of the centre."""
    address = str(tmp_path / "central.db") if request.param == "sqlite" else request.getfixturevalue("database_url")
    opened = open_database(address)
    yield opened
    opened.close()
