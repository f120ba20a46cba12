"""How an outage ends soon, and what of it stays on the record."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.clock import SettableClock
from edge_agent.evidence.logs import outages
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.store.facts import read_facts
from edge_agent.store.outages import OPEN_AFTER, OutageLog, What
from edge_agent.sync.backoff import FIRST, LONGEST, QUICK, QUICK_SECONDS, Backoff
from edge_agent.sync.outage import cause_of
from edge_agent.sync.routes import NetworkSign, read_routes
from tests.sync.world import NOW, Device

BROKER: tuple[What, str] = ("broker", "Connection refused")


def test_pauses_stay_short_for_five_minutes_and_a_minute_at_most_afterwards() -> None:
    backoff, now, attempts = Backoff(), 1000.0, 0
    assert backoff.pause(now) <= FIRST
    while now < 1000.0 + QUICK_SECONDS:
        pause = backoff.pause(now)
        assert FIRST / 2 <= pause <= QUICK
        now, attempts = now + pause, attempts + 1
    assert attempts >= QUICK_SECONDS / QUICK
    late = [backoff.pause(now) for _ in range(50)]
    assert max(late[10:]) <= LONGEST
    assert min(late[10:]) >= LONGEST / 2
    backoff.succeeded()
    assert backoff.pause(now) <= FIRST


def test_pauses_differ_so_that_venues_do_not_come_in_one_second() -> None:
    def fifth() -> float:
        backoff = Backoff()
        return [backoff.pause(0.0) for _ in range(5)][-1]

    assert len({round(fifth(), 3) for _ in range(100)}) > 50


def test_a_route_that_appears_is_a_sign_and_one_that_stays_or_goes_is_none() -> None:
    tables = [frozenset({"lo"}), frozenset({"lo"}), frozenset({"lo", "default"}), frozenset({"lo"})]
    sign = NetworkSign(lambda: tables.pop(0))
    assert sign.came_up(1.0) is None
    soon = sign.came_up(2.0)
    assert soon is not None
    assert 0 <= soon <= 2
    assert sign.came_up(2.5) is None  # it is looked at once a second
    assert sign.came_up(3.0) is None
    assert isinstance(read_routes(), frozenset)


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(), "broker"),
        (ConnectionResetError(), "broker"),
        (TimeoutError(), "network"),
        (OSError(101, "Network is unreachable"), "network"),
        (socket.gaierror(-3, "Temporary failure in name resolution"), "network"),
    ],
)
def test_who_refuses_is_there_and_silence_is_the_line(error: OSError, cause: str) -> None:
    assert cause_of(error) == cause


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    with open_agent(Device(tmp_path / "device").settings, clock=SettableClock(NOW)) as agent:
        yield agent


def _advance(agent: Agent, seconds: float) -> None:
    assert isinstance(agent.clock, SettableClock)
    agent.clock.advance(seconds)


def _told(agent: Agent) -> list[tuple[str, str]]:
    with agent.reading() as reader:
        facts = read_facts(reader, kinds=("outage.opened", "outage.closed"))
        return [(fact.kind, fact.data["what"]) for fact in facts]


def test_a_short_interruption_is_nobodys_business(agent: Agent) -> None:
    with agent.reading() as reader:
        log = OutageLog("sync", agent.writer, reader)
    log.update(BROKER)
    _advance(agent, OPEN_AFTER - 1)
    log.update(BROKER)
    log.update(None)
    _advance(agent, OPEN_AFTER)
    log.update(BROKER)
    assert _told(agent) == []


def test_an_outage_is_a_fact_with_begin_end_and_cause_across_restarts(agent: Agent) -> None:
    with agent.reading() as reader:
        log = OutageLog("sync", agent.writer, reader)
        log.update(BROKER)
        _advance(agent, OPEN_AFTER)
        log.update(BROKER)
        log.update(("network", "no route"))
        assert _told(agent) == [("outage.opened", "broker")]
        zone = load_policy("jinan-2024").policy.zone
        (row,) = outages(read_facts(reader), zone).rows
        assert (row[0], row[2]) == ("消息服务中断", "尚未恢复")
        log = OutageLog("sync", agent.writer, reader)  # the service was started anew
        _advance(agent, 3600)
        log.update(BROKER)
        log.update(None)
        log.update(None)
        (closed,) = read_facts(reader, kinds=("outage.closed",))
        assert closed.data["start"] == "2026-03-02T01:00:00.000Z"
        assert closed.data["end"] == "2026-03-02T02:00:30.000Z"
        (row,) = outages(read_facts(reader), zone).rows
        assert (row[0], row[3]) == ("消息服务中断", "Connection refused")
        assert _told(agent) == [("outage.opened", "broker"), ("outage.closed", "broker")]
        OutageLog("sync", agent.writer, reader).update(None)
        assert len(_told(agent)) == 2
