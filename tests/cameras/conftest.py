from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cameras.venue import Venue


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loopback network an answer takes no second."""
    monkeypatch.setattr("edge_agent.cameras.probe.UNICAST_S", 0.3)


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path)
    yield venue
    venue.desk.close()
    venue.writer.close()
