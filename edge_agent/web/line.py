"""A page's WebSocket, as kiosks and stations talk over it: frames or commands in, JSON and pictures out.

What runs on it waits to be woken, by the page, by the engine or by the clock: a line on which nothing happens costs
nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NoReturn

from fastapi import WebSocket, WebSocketDisconnect

from edge_agent.errors import InputError
from edge_agent.furniture.visit import LANGUAGE_COOKIE
from edge_agent.web.kiosk.faces import Sight
from edge_agent.web.site import Site
from edge_agent.web.words import languages

BAD_MESSAGES = 20
"""So much garbage closes the line; the page connects again."""

_BEAT_SECONDS = 5.0
"""The page waits 12 s (`line.mjs`)."""

_BEGIN_ANEW = 1012
_NOT_UNDERSTOOD = 1003

log = logging.getLogger(__name__)

Message = dict[str, Any]


class Line:
    """One accepted WebSocket. Everything but `woken` runs on the server's loop.

    `turn` is held by whoever thinks in a worker thread: one at a time.
    """

    def __init__(self, socket: WebSocket, who: str) -> None:
        """`who` names it in the log."""
        self.turn = asyncio.Lock()
        self._socket, self._who = socket, who
        self._sending = asyncio.Lock()
        self._sight = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def run(self, *tasks: Callable[[], Awaitable[Any]]) -> None:
        """Run all of them until the page goes, or one of them ends the line."""
        try:
            async with asyncio.TaskGroup() as group:
                for task in tasks:
                    group.create_task(_coroutine(task))
        except* (WebSocketDisconnect, RuntimeError) as gone:  # Starlette's word for sending to one that is gone
            log.info("%s went: %s", self._who, gone.exceptions[0])

    async def listen(self, take: Callable[[Message], Awaitable[None]]) -> NoReturn:
        """Hand over what the page sends. What `take` refuses with `InputError` is told; much of it ends the line."""
        bad = 0
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            try:
                await take(dict(message))
            except InputError as error:
                bad += 1
                if bad >= BAD_MESSAGES:
                    await self._end(_NOT_UNDERSTOOD, "not understood")
                await self.send({"type": "problem", "detail": error.message, "do": error.do})

    async def send(self, message: Message | bytes) -> None:
        """Send JSON, or a picture."""
        async with self._sending:
            if isinstance(message, bytes):
                await self._socket.send_bytes(message)
            else:
                await self._socket.send_json(message)

    def woken(self) -> None:
        """The engine saw something; callable from any thread, also once the loop is gone."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._sight.set)

    async def sight(self, look: Callable[[], Sight | None]) -> Sight:
        """Wait until `look` gives one: it is asked after each `woken`."""
        while True:
            self._sight.clear()
            sight = look()
            if sight is not None:
                return sight
            await self._sight.wait()

    async def beat(self) -> NoReturn:
        """Say something every few seconds, so that a page whose network is gone knows it from the silence."""
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            await self.send({"type": "beat"})

    async def begin_anew(self) -> NoReturn:
        """Recognition began or ended: the page connects again, and so anew."""
        await self._end(_BEGIN_ANEW, "begin anew")

    async def _end(self, code: int, reason: str) -> NoReturn:
        await self._socket.close(code, reason)
        raise WebSocketDisconnect(code)


def language_of(socket: WebSocket, site: Site) -> str:
    """The visitor's choice, or else the device's language."""
    chosen = socket.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in languages() else site.settings.language


async def _coroutine(task: Callable[[], Awaitable[Any]]) -> None:
    await task()
