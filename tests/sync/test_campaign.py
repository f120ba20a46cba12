"""At the end each fact stands once, in order, whatever was killed: the short form of `tests/sync/campaign.py`."""

from __future__ import annotations

import pytest

from tests.sync import campaign

BACKLOG = 500


@pytest.mark.slow
def test_twenty_agents_and_three_receivers_survive_everything() -> None:
    result = campaign.run(6.0, backlog=BACKLOG, seed=3)
    assert result.wrong == []
    assert result.facts > campaign.AGENTS * (BACKLOG + 1)
    assert (result.quarantined, result.parked) == (0, 0)
    assert {"batch", "facts_ack", "state"} <= set(result.messages)
    assert sum(result.kills.values()) >= 3
