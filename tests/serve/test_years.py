"""What services and pages ask all the time must not cost more after years: no such question walks a whole table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge_agent.evidence.seal import keep_media_root
from edge_agent.policies import load_policy
from edge_agent.serve.agent import Agent, open_agent
from edge_agent.serve.capture import Capture
from edge_agent.serve.kiosk import KioskService
from edge_agent.serve.sync import _order
from edge_agent.serve.upkeep import Upkeep
from edge_agent.settings import Settings, Store, WebSettings
from edge_agent.simulator.classroom import Classroom, make_classroom
from edge_agent.simulator.process import free_port
from edge_agent.store import accounts, media, sessions
from edge_agent.store.accounts import Account, Role
from edge_agent.store.facts import fact_id, read_facts, read_last, recent_facts
from edge_agent.store.writer import Transaction
from edge_agent.sync.state import read_state
from edge_agent.web.guard import COOKIE
from edge_agent.web.site import Site

GROWING = ("facts", "media", "taps", "lessons", "slots", "gaps", "seals", "countersignatures", "provisional")
FEW = ("provisional_waiting", "media_undated")
"""Indexes of what waits, which are empty in the ordinary course."""

_WALK = re.compile(rf"SCAN ({'|'.join(GROWING)})\b(?! USING INDEX ({'|'.join(FEW)}))")
_LINK = re.compile(r'(?:href|src)="(/[^"#]+)"')
_NEWEST = re.compile(r"(?!.*kind IN).* ORDER BY id DESC( LIMIT \d+)?$", re.DOTALL)
"""Begins at a table's end and stops soon: nothing is left out on the way."""
_AT_START = "SELECT * FROM gaps WHERE end IS NULL"


@pytest.fixture
def classroom(tmp_path: Path) -> Classroom:
    return make_classroom(tmp_path, trainees=2, days=2)


@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Every statement of every connection that is opened in the block."""
    said: set[str] = set()
    real = sqlite3.connect

    def connect(*place: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*place, **options)
        connection.set_trace_callback(said.add)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        yield said


def walks(database: Path, statements: set[str]) -> list[str]:
    """Those that read a growing table from one end to the other, with SQLite's own word for it."""
    found = []
    with closing(sqlite3.connect(database)) as connection:
        for each in sorted(statements):
            if not each.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
                continue
            if _NEWEST.match(each) or each.startswith(_AT_START):
                continue
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {each}")]
            found += [f"{step}: {each}" for step in plan if _WALK.match(step)]
    return found


def test_a_walk_is_noticed(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    with heard(monkeypatch) as said, closing(sqlite3.connect(classroom.database)) as connection:
        connection.execute("SELECT * FROM media WHERE size > 3").fetchall()
    assert walks(classroom.database, said)


def test_nothing_that_services_ask_walks_through_the_years(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(
        agent="ea-test",
        store=Store(data_dir=classroom.folder),
        web=WebSettings(host="127.0.0.1", port=free_port(), tls_port=0),
    )
    with heard(monkeypatch) as said, open_agent(settings, clock=classroom.clock) as agent:
        capture = Capture(agent)
        capture.start()
        for service in (capture, _kiosk(agent), Upkeep(agent)):
            for _ in range(5):
                service.tick()
                classroom.clock.advance(60)
            service.close()
        with agent.reading() as connection:
            now = classroom.clock.stamp().wall
            read_state(connection, agent.clock, 0, _order(settings)(now), "s", hello=True)
            media.uncounted(connection, now)
        keep_media_root(agent.writer, now.date(), now - timedelta(days=1), now)
    assert len(said) > 50, "the services were heard"
    assert walks(classroom.database, said) == []


def test_no_page_walks_through_the_years(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    settings = Settings(
        agent="ea-test",
        store=Store(data_dir=classroom.folder),
        web=WebSettings(host="127.0.0.1", port=port, tls_port=0),
    )
    office = Account("office", Role.ADMINISTRATOR, "13800009999", "管理员")
    with heard(monkeypatch) as said, open_agent(settings, clock=classroom.clock) as agent:
        agent.writer.run(lambda tx: accounts.save(tx, office, change="created", by="test"))
        token = agent.writer.run(_log_in)
        service = _kiosk(agent)
        seen, ahead = set[str](), ["/console", "/api/v1/facts?kind=outage.", "/api/v1/facts?kind=alarm.raised"]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", cookies={COOKIE: token}, timeout=30) as client:
            while ahead:
                path = ahead.pop()
                seen.add(path)
                answer = client.get(path)
                assert answer.status_code != httpx.codes.INTERNAL_SERVER_ERROR, path
                if "html" in answer.headers.get("Content-Type", ""):
                    found = {each.replace("&amp;", "&") for each in _LINK.findall(answer.text)}
                    ahead += sorted(each for each in found - seen - set(ahead) if not each.startswith("/static"))
        service.close()
    assert len(seen) > 30, seen
    assert walks(classroom.database, said) == []


def test_kinds_are_found_whether_rare_or_not(classroom: Classroom) -> None:
    with closing(sqlite3.connect(classroom.database)) as connection:
        connection.row_factory = sqlite3.Row
        every = list(read_facts(connection))
        for kinds in (
            ("class.saved",),
            ("class.saved", "lesson.saved"),
            ("attendance.",),
            ("lesson.", "segment.closed"),
        ):
            expected = [fact for fact in every if fact.kind.startswith(kinds)]
            assert list(read_facts(connection, kinds=kinds)) == expected
            assert expected
        rare = [fact for fact in every if fact.kind == "lesson.saved"]
        assert recent_facts(connection, kind="lesson.saved", limit=2) == rare[:-3:-1]
        assert read_last(connection, ("lesson.saved",), lambda fact: fact != rare[-1]) == rare[-2]
        assert read_last(connection, before=fact_id(every[3].epoch, every[3].seq)) == every[2]


def _kiosk(agent: Agent) -> KioskService:
    return KioskService(agent, Site(agent.settings, agent.clock, agent.writer, agent.files, cache(load_policy)))


def _log_in(tx: Transaction) -> str:
    lasts = timedelta(days=1)
    return sessions.open_session(tx, account="office", role=Role.ADMINISTRATOR, method="password", lasts=lasts)
