"""A prepared database, and a writer on it with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Writer


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(datetime(2024, 10, 8, 0, 0, tzinfo=UTC))


@pytest.fixture
def database(tmp_path: Path, clock: SettableClock) -> Path:
    path = tmp_path / "edge_agent.db"
    prepare(path, clock, agent="ea-test")
    return path


@pytest.fixture
def writer(database: Path, clock: SettableClock) -> Iterator[Writer]:
    writer = Writer(database, clock)
    yield writer
    writer.close()
