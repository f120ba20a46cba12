"""One suite over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.central.addresses import open_database
from edge_agent.central.database import Database
from tests.central.city import City, build


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new database of the centre may be made."""
    return str(tmp_path / "central.db") if request.param == "sqlite" else request.getfixturevalue("database_url")


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    """A new empty database of the centre."""
    opened = open_database(address)
    yield opened
    opened.close()


@pytest.fixture
def empty(address: str, tmp_path: Path) -> Iterator[City]:
    """A centre without venues."""
    made = City(tmp_path, address)
    yield made
    made.close()


@pytest.fixture
def city(address: str, tmp_path: Path) -> Iterator[City]:
    """Five venues with a morning behind them."""
    made = build(tmp_path, address)
    yield made
    made.close()
