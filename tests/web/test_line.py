"""The line under kiosks and stations: a line on which nothing happens costs nothing."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from edge_agent.faces.answer import Guide, Hint
from edge_agent.web.line import Line
from tests.web.dummy_faces import DummySight

SIGHT = DummySight(1.0, Guide(visit=1, hint=Hint.CLOSER))


async def _receive() -> Message:
    raise NotImplementedError


async def _send(_message: Message) -> None:
    raise NotImplementedError


def line() -> Line:
    return Line(WebSocket({"type": "websocket", "path": "/"}, _receive, _send), "nobody")


def test_the_engine_is_asked_when_it_saw_something_and_not_before() -> None:
    looks: list[DummySight | None] = []
    seen: list[DummySight] = []

    def look() -> DummySight | None:
        looks.append(seen.pop() if seen else None)
        return looks[-1]

    async def wait_for_a_sight() -> None:
        waiting, asked = line(), asyncio.Event()
        task = asyncio.create_task(waiting.sight(look))
        asyncio.get_running_loop().call_later(0.3, asked.set)
        await asked.wait()
        assert looks == [None]
        seen.append(SIGHT)
        threading.Thread(target=waiting.woken).start()
        assert await task is SIGHT

    asyncio.run(wait_for_a_sight())
    assert looks == [None, SIGHT]


def test_an_engine_that_outlives_the_loop_is_not_hurt(recwarn: pytest.WarningsRecorder) -> None:
    async def make() -> Line:
        return line()

    asyncio.run(make()).woken()
    assert not recwarn
