"""The WebSocket under a kiosk's conversation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module

from anyio.to_thread import run_sync
from fastapi import APIRouter, WebSocket

from edge_agent.store import kiosks
from edge_agent.store.kiosks import Kiosk
from edge_agent.web.guard import KIOSK_COOKIE, kiosk_of
from edge_agent.web.kiosk.notice import notice
from edge_agent.web.kiosk.talk import Talk
from edge_agent.web.line import Line, Message, language_of
from edge_agent.web.site import Site
from edge_agent.web.words import words

NOT_PAIRED = 4401
"""The page then asks for a pairing code."""

BOARD_SECONDS = 5.0
"""The page takes 12 s of silence for a dead line (`line.mjs`)."""

_SEEN_SECONDS = 60.0

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
    language = language_of(socket, site)
    line = Line(socket, f"Kiosk {kiosk.id}")
    conversation = _Conversation(site, kiosk, line, language, await run_sync(Talk, site, kiosk, site.faces, language))
    await conversation.run()


class _Conversation:
    def __init__(self, site: Site, kiosk: Kiosk, line: Line, language: str, talk: Talk) -> None:
        self._site, self._kiosk, self._line, self._language = site, kiosk, line, language
        self._talk = talk

    async def run(self) -> None:
        self._talk.watch(self._line.woken)
        eyes = [self._look] if self._kiosk.camera else []
        try:
            await self._line.run(self._listen, self._speak, self._show, self._note, *eyes)
        finally:
            self._talk.close()

    async def _listen(self) -> None:
        """Take frames; each is acknowledged, so that a slow network has few of them on the way."""
        await self._line.listen(self._take)

    async def _take(self, message: Message) -> None:
        if self._kiosk.camera:
            return  # one pair of eyes a kiosk
        if self._talk.frames.take(message.get("bytes") or b""):
            await self._line.send({"type": "taken"})

    async def _speak(self) -> None:
        while True:
            sight = await self._line.sight(self._talk.sight)
            async with self._line.turn:
                message = await run_sync(self._talk.hear, sight)
            if message is not None:
                await self._line.send(message.json())
                async with self._line.turn:
                    await run_sync(self._talk.afterwards)

    async def _show(self) -> None:
        """Send the board whenever something changed, and every few seconds for the clock."""
        seen, faces = 0, self._site.faces
        while True:
            if self._site.faces is not faces:
                await self._line.begin_anew()
            async with self._line.turn:
                board = await run_sync(self._talk.look)
            site, zone = self._site, self._site.policies(self._site.settings.policy).policy.zone
            told = notice(
                board,
                self._talk.saved,
                site.now(),
                zone,
                words(self._language).gettext,
                sealed=site.settings.sealed,
                recognises=site.faces is not None and site.faces.ready(),
            )
            await self._line.send(told)
            with suppress(TimeoutError):
                seen = await site.live.next_change(seen, BOARD_SECONDS)
            await asyncio.sleep(0.5)  # a queue of fifty changes it twice a second at most

    async def _look(self) -> None:
        """Look through a camera of the device and show the page what it sees; a slow page is shown less."""
        loop = asyncio.get_running_loop()
        sights: asyncio.Queue[bytes | Message] = asyncio.Queue()

        def put(sight: bytes | Message) -> None:
            if sights.empty() or not isinstance(sight, bytes):
                sights.put_nowait(sight)

        def on_frame(jpeg: bytes) -> None:
            self._talk.frames.submit(jpeg)
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
                await self._line.send(await sights.get())
        finally:
            lens.close()

    async def _note(self) -> None:
        while True:
            await run_sync(self._site.writer.run, lambda tx: kiosks.note_seen(tx, self._kiosk.id))
            await asyncio.sleep(_SEEN_SECONDS)
