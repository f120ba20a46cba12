"""A device's desk for the centre's commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.serve.agent import open_agent
from tests.sync.office import Office
from tests.sync.world import NOW, Device


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    device, clock = Device(tmp_path / "device"), SettableClock(NOW)
    with open_agent(device.settings, clock=clock) as agent:
        office = Office(device, agent, clock)
        yield office
        office.reader.close()
