"""The WebSocket under a station's conversation."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket

from edge_agent.errors import EdgeAgentError
from edge_agent.store.accounts import Role
from edge_agent.web.guard import COOKIE, member_of
from edge_agent.web.line import Line, Message, language_of
from edge_agent.web.site import Site
from edge_agent.web.station.commands import read_command

if TYPE_CHECKING:
    from edge_agent.web.station.talk import StationTalk

NOT_ALLOWED = 4403
"""The page then asks to log in."""

NO_FACES = 4404
_LOOK_AGAIN = 1.0

router = APIRouter()


@router.websocket("/station/talk")
async def talk(socket: WebSocket, room: str = "") -> None:
    """Talk to one station until it goes."""
    site: Site = socket.app.state.site
    await socket.accept()
    operator = await run_sync(
        lambda: member_of(site, socket.cookies.get(COOKIE, ""), Role.ADMINISTRATOR, Role.INSTRUCTOR)
    )
    if operator is None:
        await socket.close(NOT_ALLOWED, "not allowed")
        return
    if site.stations is None:
        await socket.close(NO_FACES, "no faces here")
        return
    made = import_module("edge_agent.web.station.talk").StationTalk  # with faces alone: they take 40 MB
    language = language_of(socket, site)
    conversation = made(site, site.stations, by=operator.id, room=room, language=language)
    await _Conversation(Line(socket, "A station"), conversation).run()


class _Conversation:
    def __init__(self, line: Line, talk: StationTalk) -> None:
        self._line, self._talk = line, talk
        self._told: Message | None = None

    async def run(self) -> None:
        self._talk.watch(self._line.woken)
        try:
            await self._line.run(self._listen, self._see, self._tick, self._line.beat)
        finally:
            await run_sync(self._talk.close)

    async def _listen(self) -> None:
        await self._line.listen(self._take)

    async def _take(self, message: Message) -> None:
        if message.get("bytes"):
            self._talk.take(message["bytes"])
            await self._line.send({"type": "taken"})
            return
        command = read_command(message.get("text") or "")
        try:
            async with self._line.turn:
                await self._tell(await run_sync(self._talk.obey, command), anyway=True)
        except EdgeAgentError as error:  # understood and refused: no garbage
            await self._line.send({"type": "problem", "detail": error.message, "do": error.do})

    async def _see(self) -> None:
        while True:
            sight = await self._line.sight(self._talk.sight)
            async with self._line.turn:
                await self._tell(await run_sync(self._talk.see, sight))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AGAIN)
            if self._talk.is_over:
                await self._line.begin_anew()
            async with self._line.turn:
                told = await run_sync(self._talk.look)
                if told is not None and self._told is not None:
                    # Between two sights only time goes on: the last word to the trainee stands.
                    same = told["step"] == self._told["step"]
                    await self._tell(told | {"said": self._told["said"]} if same else told)

    async def _tell(self, told: dict[str, Any] | None, *, anyway: bool = False) -> None:
        if told is not None and (anyway or told != self._told):
            await self._line.send(told)
        self._told = told
