"""Prometheus gets what was measured, and nobody else does who is not meant to."""

from __future__ import annotations

import asyncio

import httpx

from edge_agent.store.accounts import Role
from edge_agent.web.app import create_app
from tests.web.conftest import House


def test_metrics_are_for_this_device_and_for_administrators(house: House) -> None:
    with house.client() as prometheus:
        assert prometheus.get("/metrics").status_code == 404, "nothing was measured yet"
        house.site.settings.store.metrics.write_text("edge_agent_unsent_facts 3.0\n")
        found = prometheus.get("/metrics")
    assert (found.status_code, found.text) == (200, "edge_agent_unsent_facts 3.0\n")
    assert found.headers["Content-Type"].startswith("text/plain; version=0.0.4")

    office, teacher = (house.token(house.add_account(role)) for role in (Role.ADMINISTRATOR, Role.INSTRUCTOR))
    nobody, known, other = asyncio.run(ask_from_elsewhere(house, "", office, teacher))
    assert nobody.status_code == 303, "to the login"
    assert known.text == found.text
    assert other.status_code == 403


async def ask_from_elsewhere(house: House, *tokens: str) -> list[httpx.Response]:
    """What somebody on the LAN gets, with each of the tokens."""
    tablet = httpx.ASGITransport(create_app(house.site), client=("192.168.1.9", 5000))
    async with httpx.AsyncClient(transport=tablet, base_url="https://127.0.0.1") as client:
        headers = [{"Authorization": f"Bearer {token}"} if token else {} for token in tokens]
        return [await client.get("/metrics", headers=each) for each in headers]
