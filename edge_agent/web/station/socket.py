"""The WebSocket under a station's conversation."""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from edge_agent.errors import EdgeAgentError, InputError
from edge_agent.store.accounts import Role
from edge_agent.web.guard import COOKIE, LANGUAGE_COOKIE, member_of
from edge_agent.web.kiosk.socket import BAD_FRAMES, LOOK_SECONDS
from edge_agent.web.site import Site
from edge_agent.web.station.commands import Command, read_command
from edge_agent.web.words import languages

if TYPE_CHECKING:
    from edge_agent.web.station.talk import StationTalk

NOT_ALLOWED = 4403
"""The page then asks to log in."""

NO_FACES = 4404
_LOOK_AGAIN = 1.0

log = logging.getLogger(__name__)
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
    chosen = socket.cookies.get(LANGUAGE_COOKIE, "")
    language = chosen if chosen in languages() else site.settings.language
    made = import_module("edge_agent.web.station.talk").StationTalk  # with faces alone: they take 40 MB
    line = _Line(socket, made(site, site.stations, by=operator.id, room=room, language=language))
    try:
        async with asyncio.TaskGroup() as tasks:
            for task in (line.listen, line.see, line.tick):
                tasks.create_task(task())
    except* (WebSocketDisconnect, RuntimeError) as gone:
        log.info("A station went: %s", gone.exceptions[0])
    finally:
        await run_sync(line.talk.close)


class _Line:
    def __init__(self, socket: WebSocket, talk: StationTalk) -> None:
        self.talk = talk
        self._socket = socket
        self._turn, self._sending = asyncio.Lock(), asyncio.Lock()
        self._told: dict[str, Any] | None = None

    async def listen(self) -> None:
        bad = 0
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            try:
                command = await self._read(message)
            except InputError as error:
                bad += 1
                if bad >= BAD_FRAMES:
                    await self._socket.close(1003, "not understood")
                    raise WebSocketDisconnect(1003) from None
                await self._refuse(error)
                continue
            if command is not None:
                await self._obey(command)

    async def _read(self, message: Any) -> Command | None:
        if not message.get("bytes"):
            return read_command(message.get("text") or "")
        self.talk.take(message["bytes"])
        await self._send({"type": "taken"})
        return None

    async def _obey(self, command: Command) -> None:
        try:
            async with self._turn:
                await self._tell(await run_sync(self.talk.obey, command), anyway=True)
        except EdgeAgentError as error:
            await self._refuse(error)

    async def _refuse(self, error: EdgeAgentError) -> None:
        await self._send({"type": "problem", "detail": error.message, "do": error.do})

    async def see(self) -> None:
        while True:
            sight = self.talk.sight()
            if sight is None:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            async with self._turn:
                await self._tell(await run_sync(self.talk.see, sight))

    async def tick(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_AGAIN)
            if self.talk.is_over:
                await self._socket.close(1012, "recognition changed")
                raise WebSocketDisconnect(1012)
            async with self._turn:
                told = await run_sync(self.talk.look)
                if told is not None and self._told is not None:
                    # Between two sights only time goes on: the last word to the trainee stands.
                    same = told["step"] == self._told["step"]
                    await self._tell(told | {"said": self._told["said"]} if same else told)

    async def _tell(self, told: dict[str, Any] | None, *, anyway: bool = False) -> None:
        if told is not None and (anyway or told != self._told):
            await self._send(told)
        self._told = told

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            await self._socket.send_json(message)
