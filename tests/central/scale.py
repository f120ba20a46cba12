"""How long pages take with thousands of venues: `python -m tests.central.scale [--venues N] [--postgresql]`.

A city of N venues with two lessons a day for 60 days, 40 trainees each, and today's attendance and pictures, put into
the tables directly. Every page is asked over HTTP 20 times; printed are the median and the slowest of them, and the CPU
time of one, client and server together, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx

from edge_agent.central.database import Database
from edge_agent.central.instants import to_micros
from edge_agent.central.pages.guard import COOKIE
from edge_agent.central.staff.accounts import Role, Scope
from edge_agent.central.staff.login import log_in
from tests.central.city import PASSWORD, City
from tests.central.place import DAY, NOW
from tests.servers import postgres_cluster

DAYS, TRAINEES = 60, 40
PAGES = (
    *("/", "/venues", "/venues?page=40", "/venues?order=oldest", "/venues?state=offline", "/venues?words=2999"),
    *(
        "/venues/7",
        "/lessons",
        "/lessons?verdict=missing",
        "/lessons?day=2026-01-15&page=60",
        "/venues/7/lessons/l7-0-0",
    ),
    *("/classes", "/classes?state=submitted", "/classes?words=77", "/venues/7/classes/c7", "/snapshots", "/duplicates"),
    *("/samples", "/commands", "/messages", "/media"),
)


def fill(database: Database, venues: int) -> None:
    """Ten venues an institution, twenty districts; one trainee in 240 sits in two rooms at once."""
    now = to_micros(NOW)
    numbers = range(1, venues + 1)
    with database.write() as tx:
        tx.run_many(
            "INSERT INTO tenants VALUES (%s, %s, %s)",
            [(f"t{number}", f"机构 {number}", f"区县 {number % 20}") for number in range(venues // 10 + 1)],
        )
        tx.run_many(
            "INSERT INTO agents(tenant, agent, venue, public, created, state_at, online)"
            " VALUES (%s, %s, %s, %s, 0, %s, %s)",
            [(f"t{n // 10}", f"ea-{n}", f"教室 {n}", f"{n:064x}", now, int(n % 20 > 0)) for n in numbers],
        )
        tx.run_many(
            "INSERT INTO standings(agent, state_at, facts, media, oldest, fact_at, taken_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [(n, now, n % 50, n % 9, now - n * 1_000_000 if n % 50 else None, now, now) for n in numbers],
        )
        tx.run_many(
            "INSERT INTO classes(agent, id, code, name, category, opens, closes, required, online_required, policy,"
            " owner, revision, size_exception, state, trainees, headcount)"
            " VALUES (%s, %s, %s, %s, '养老护理员', %s, %s, 80, 0, 'jinan-2024', 'venue', 1, '', %s, %s, %s)",
            [
                (n, f"c{n}", f"QC-{n}", f"班级 {n}", "2026-01-01", "2026-12-31", _state(n), _roster(n), TRAINEES)
                for n in numbers
            ],
        )
    _people(database, venues)
    with database.write() as tx:
        for day in range(DAYS):
            on = DAY - timedelta(day)
            tx.run_many(
                "INSERT INTO lessons(agent, id, class_id, day, start, periods, room, subject, verdict, segments,"
                " seconds) VALUES (%s, %s, %s, %s, %s, 2, 'r1', '照护', %s, 90, 5400)",
                [
                    (n, f"l{n}-{day}-{half}", f"c{n}", on.isoformat(), ("08:00", "14:00")[half], _verdict(n))
                    for n in numbers
                    for half in range(2)
                ],
            )
    _today(database, venues, now)


def _state(number: int) -> str:
    return "approved" if number % 50 else "submitted"


def _verdict(number: int) -> str:
    return "missing" if number % 100 == 0 else "partial" if number % 30 == 0 else "complete"


def _roster(number: int) -> str:
    return json.dumps([f"p{number}-{each}" for each in range(TRAINEES)])


def _people(database: Database, venues: int) -> None:
    content = json.dumps({"trainee": "x", "name": "王小明", "document": "370102197101010001", "phone": "13800138000"})
    with database.write() as tx:
        tx.run_many(
            "INSERT INTO people VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (n, f"p{n}-{each}", f"c{n}", "王小明", _person(n, each), content, int(_is_shared(n, each)))
                for n in range(1, venues + 1)
                for each in range(TRAINEES)
            ],
        )


def _is_shared(number: int, each: int) -> bool:
    return each == 0 and number % 12 < 2


def _person(number: int, each: int) -> str:
    return f"s{number // 2}" if _is_shared(number, each) else f"x{number}-{each}"


def _today(database: Database, venues: int, now: int) -> None:
    hour = 3_600_000_000
    came = (now - 4 * hour, now - 2 * hour)
    with database.write() as tx:
        tx.run_many(
            "INSERT INTO attendance(agent, unit, trainee, class_id, lesson, in_at, in_how, out_at, out_how)"
            " VALUES (%s, %s, %s, %s, %s, %s, 'face', %s, 'face')",
            [
                (n, f"l{n}-0-{half}/1", f"p{n}-{each}", f"c{n}", f"l{n}-0-{half}", came[half], came[half] + hour)
                for n in range(1, venues + 1)
                for half in range(2)
                for each in range(TRAINEES)
            ],
        )
        tx.run_many(
            "INSERT INTO snapshots VALUES (%s, %s, %s, 1, 'middle', 'taken', %s, 'cam1', 'live', '', 30, '')",
            [
                (n, f"l{n}-0-{half}", f"s{slot}", now - slot * 60_000_000)
                for n in range(1, venues + 1)
                for half in range(2)
                for slot in range(6)
            ],
        )


def measure(city: City, scope: Scope) -> Iterator[tuple[str, float, float, float]]:
    name = f"reader-{scope.kind}"
    city.person(name, Role.READER, scope)
    token = log_in(city.centre.database, name, PASSWORD, address="", now=city.now)
    with httpx.Client(base_url=city.url, cookies={COOKIE: token}, timeout=60) as client:
        for path in PAGES:
            took, cpu = [], time.process_time()
            for _ in range(20):
                began = time.perf_counter()
                answer = client.get(path)
                took.append((time.perf_counter() - began) * 1000)
                if scope.everything:
                    answer.raise_for_status()
            yield path, statistics.median(took), max(took), (time.process_time() - cpu) * 50


@contextmanager
def address(folder: Path, *, postgresql: bool) -> Iterator[str]:
    if postgresql:
        with postgres_cluster() as server:
            yield server.create_database()
    else:
        yield str(folder / "central.db")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--venues", type=int, default=3000)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        address(Path(folder), postgresql=given.postgresql) as where,
    ):
        city = City(Path(folder), where)
        fill(city.centre.database, given.venues)
        for scope in (Scope(), Scope("district", "区县 7")):
            sys.stdout.write(f"{scope.value or 'everything'}\n")
            for path, median, slowest, cpu in measure(city, scope):
                sys.stdout.write(f"  {path:40} {median:7.1f} ms  {slowest:7.1f} ms  {cpu:6.1f} ms CPU\n")
        city.close()


if __name__ == "__main__":
    main()
