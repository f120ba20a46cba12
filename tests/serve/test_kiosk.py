"""The kiosk service: recognition begins and ends with the impact assessment, while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent, prepare_agent
from edge_agent.serve.kiosk import KioskService, may_recognise
from edge_agent.settings import FaceSettings, Settings, Store, WebSettings
from edge_agent.store import law
from edge_agent.store.facts import read_facts
from edge_agent.web.site import Site

ROOT = Path(__file__).parents[2]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    settings = Settings(
        store=Store(data_dir=tmp_path),
        web=WebSettings(host="127.0.0.1", port=0, tls_port=0),
        faces=FaceSettings(models_dir=ROOT / "models"),
    )
    prepare_agent(settings)
    with open_agent(settings) as agent:
        yield agent


def register(agent: Agent, number: str) -> None:
    agent.writer.run(lambda tx: law.register(tx, number, by="a-1"))


def test_recognition_follows_the_registered_assessment(agent: Agent) -> None:
    site = Site(agent.settings, agent.clock, agent.writer, agent.files, cache(load_policy))
    with closing(KioskService(agent, site)) as service:
        seen = [site.faces]
        for number in (" PIA-2026-07 ", "PIA-2026-08", ""):
            register(agent, number)
            service.tick()
            seen.append(site.faces)
    assert (seen[0], seen[3]) == (None, None)
    assert seen[1] is seen[2]
    assert seen[1] is not None
    assert not seen[1].ready()
    with agent.reading() as connection:
        noted = [fact.data["number"] for fact in read_facts(connection, kinds=("law.assessment",))]
    assert noted == ["PIA-2026-07", "PIA-2026-08", ""]


def test_the_same_number_twice_is_one_fact(agent: Agent) -> None:
    register(agent, "PIA-1")
    register(agent, "PIA-1")
    with agent.reading() as connection:
        assert len(list(read_facts(connection, kinds=("law.assessment",)))) == 1


@pytest.mark.parametrize(
    ("entered", "configured", "enabled", "may"),
    [
        (None, "", True, False),
        (None, "PIA-0", True, True),
        ("PIA-1", "", True, True),
        ("", "PIA-0", True, False),
        ("PIA-1", "PIA-0", False, False),
    ],
)
def test_what_an_administrator_entered_goes_before_the_configuration(
    agent: Agent, entered: str | None, configured: str, *, enabled: bool, may: bool
) -> None:
    if entered is not None:
        register(agent, "PIA-old")
        register(agent, entered)
    settings = agent.settings.model_copy(update={"faces": FaceSettings(enabled=enabled, impact_assessment=configured)})
    with agent.reading() as connection:
        assert may_recognise(settings, connection) is may
