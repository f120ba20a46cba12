"""The WebSocket under a kiosk's conversation."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from importlib import import_module
from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from edge_agent.errors import InputError
from edge_agent.store import kiosks
from edge_agent.store.kiosks import Kiosk
from edge_agent.web.guard import KIOSK_COOKIE, LANGUAGE_COOKIE, kiosk_of
from edge_agent.web.kiosk.notice import notice
from edge_agent.web.kiosk.talk import Talk
from edge_agent.web.site import Site
from edge_agent.web.words import languages, words

NOT_PAIRED = 4401
"""The page then asks for a pairing code."""

BAD_FRAMES = 20
"""So much garbage closes the connection; the page connects again."""

LOOK_SECONDS = 0.01
BOARD_SECONDS = 5.0
_SEEN_SECONDS = 60.0

log = logging.getLogger(__name__)
router = APIRouter()


@router.websocket("/kiosk/talk")
async def talk(socket: WebSocket) -> None:
    """Talk to one kiosk until it goes."""
    site: Site = socket.app.state.site
    await socket.accept()
    kiosk = await run_sync(kiosk_of, site, socket.cookies.get(KIOSK_COOKIE, ""))
    if kiosk is None:
        await socket.close(NOT_PAIRED, "not paired")
        return
    chosen = socket.cookies.get(LANGUAGE_COOKIE, "")
    language = chosen if chosen in languages() else site.settings.language
    line = _Line(site, kiosk, socket, language, await run_sync(Talk, site, kiosk, site.faces, language))
    try:
        async with asyncio.TaskGroup() as tasks:
            for task in (line.listen, line.speak, line.show, line.note, *([line.look] if kiosk.camera else [])):
                tasks.create_task(task())
    except* (WebSocketDisconnect, RuntimeError) as gone:
        log.info("Kiosk %s went: %s", kiosk.id, gone.exceptions[0])
    finally:
        line.talk.close()


class _Line:
    def __init__(self, site: Site, kiosk: Kiosk, socket: WebSocket, language: str, talk: Talk) -> None:
        self.talk = talk
        self._site, self._kiosk, self._socket, self._language = site, kiosk, socket, language
        self._turn = asyncio.Lock()
        self._sending = asyncio.Lock()

    async def listen(self) -> None:
        """Take frames; each is acknowledged, so that a slow network has few of them on the way."""
        bad = 0
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            if self._kiosk.camera:
                continue  # one pair of eyes a kiosk
            try:
                taken = self.talk.frames.take(message.get("bytes") or b"")
            except InputError:
                bad += 1
                if bad >= BAD_FRAMES:
                    await self._socket.close(1003, "not frames")
                    raise WebSocketDisconnect(1003) from None
                continue
            if taken:
                await self._send({"type": "taken"})

    async def speak(self) -> None:
        while True:
            sight = self.talk.sight()
            if sight is None:
                await asyncio.sleep(LOOK_SECONDS)
                continue
            async with self._turn:
                message = await run_sync(self.talk.hear, sight)
            if message is not None:
                await self._send(message.json())
                async with self._turn:
                    await run_sync(self.talk.afterwards)

    async def show(self) -> None:
        """Send the board whenever something changed, and every few seconds for the clock."""
        seen, faces = 0, self._site.faces
        while True:
            if self._site.faces is not faces:  # recognition began or ended: the page connects again, and so anew
                await self._socket.close(1012, "begin anew")
                raise WebSocketDisconnect(1012)
            async with self._turn:
                board = await run_sync(self.talk.look)
            site, zone = self._site, self._site.policies(self._site.settings.policy).policy.zone
            told = notice(
                board,
                site.now(),
                zone,
                words(self._language).gettext,
                sealed=site.settings.sealed,
                recognises=site.faces is not None and site.faces.ready(),
            )
            await self._send(told)
            with suppress(TimeoutError):
                seen = await site.live.next_change(seen, BOARD_SECONDS)
            await asyncio.sleep(0.5)  # a queue of fifty changes it twice a second at most

    async def look(self) -> None:
        """Look through a camera of the device and show the page what it sees; a slow page is shown less."""
        loop = asyncio.get_running_loop()
        sights: asyncio.Queue[bytes | dict[str, Any]] = asyncio.Queue()

        def put(sight: bytes | dict[str, Any]) -> None:
            if sights.empty() or not isinstance(sight, bytes):
                sights.put_nowait(sight)

        def on_frame(jpeg: bytes) -> None:
            self.talk.frames.submit(jpeg)
            loop.call_soon_threadsafe(put, jpeg)

        def on_works(works: bool) -> None:  # noqa: FBT001 - a callback's only word
            loop.call_soon_threadsafe(put, {"type": "camera", "works": works})

        lens = import_module("edge_agent.web.kiosk.lens").Lens(
            self._site.live_socket,
            self._kiosk.camera,
            source=lambda: self._site.source(self._kiosk.camera),
            on_frame=on_frame,
            on_works=on_works,
        )
        try:
            while True:
                sight = await sights.get()
                if isinstance(sight, bytes):
                    async with self._sending:
                        await self._socket.send_bytes(sight)
                else:
                    await self._send(sight)
        finally:
            lens.close()

    async def note(self) -> None:
        while True:
            await run_sync(self._site.writer.run, lambda tx: kiosks.note_seen(tx, self._kiosk.id))
            await asyncio.sleep(_SEEN_SECONDS)

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            await self._socket.send_json(message)
