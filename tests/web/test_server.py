"""The servers cost an idle device next to nothing, and end at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx

from tests.web.conftest import House

SECONDS = 3


def _waits() -> int:
    """How often the thread of the servers has gone to sleep (proc(5))."""
    (thread,) = (each for each in threading.enumerate() if each.name == "web")
    lines = Path(f"/proc/self/task/{thread.native_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


def test_nobody_who_asks_nothing_wakes_the_servers_often(house: House) -> None:
    assert httpx.get(f"{house.url}/healthz").headers["date"]
    before = _waits()
    time.sleep(SECONDS)
    # Four looks at the database and one for the time of the answers; uvicorn's own loop had ten beside the four.
    assert _waits() - before <= 7 * SECONDS


def test_the_time_of_an_answer_goes_on(house: House) -> None:
    first = httpx.get(f"{house.url}/healthz").headers["date"]
    deadline = time.monotonic() + 20
    while httpx.get(f"{house.url}/healthz").headers["date"] == first:
        assert time.monotonic() < deadline
        time.sleep(0.1)
