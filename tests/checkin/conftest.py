"""A venue and its desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.checkin.desk import Desk
from tests.venue import Venue, policies


@pytest.fixture
def venue(tmp_path: Path) -> Iterator[Venue]:
    venue = Venue(tmp_path)
    yield venue
    venue.close()


@pytest.fixture
def desk(venue: Venue) -> Desk:
    return Desk(venue.writer, policies)
