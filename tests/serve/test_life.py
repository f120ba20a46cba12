"""A service's start says whether its life before ended in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.serve.agent import Agent, on_record, open_agent, prepare_agent
from edge_agent.settings import Settings, Store
from edge_agent.store.facts import read_facts


def starts(agent: Agent, service: str) -> list[bool]:
    with agent.reading() as connection:
        found = list(read_facts(connection, kinds=("service.started",)))
    return [fact.data["clean"] for fact in found if fact.data["service"] == service]


def test_a_start_says_how_the_life_before_ended(tmp_path: Path) -> None:
    settings = Settings(store=Store(data_dir=tmp_path))
    prepare_agent(settings)
    with open_agent(settings) as agent:
        with on_record(agent, "capture"), on_record(agent, "sync"):
            pass
        with pytest.raises(KeyboardInterrupt), on_record(agent, "capture"):
            raise KeyboardInterrupt
        with on_record(agent, "capture"), on_record(agent, "sync"):
            pass
        assert starts(agent, "capture") == [True, True, False]
        assert starts(agent, "sync") == [True, True]
