"""Tells open pages that the database changed, so that they look again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from edge_agent.store.database import ChangeFeed

LOOK_SECONDS = 0.25
"""How often the database is asked whether it changed: one pragma."""

QUIET_SECONDS = 15.0
"""A sign of life for a stream on which nothing happens, so that a page notices a dead connection."""


class Live:
    """Counts changes; a stream waits for the next one. Everything runs on the server's loop."""

    def __init__(self, database: Path) -> None:
        self._feed = ChangeFeed(database)
        self._changes = 0
        self._changed = asyncio.Condition()
        self._closing = False

    async def run(self) -> None:
        """Look for changes until cancelled."""
        try:
            while True:
                if self._feed.changed():
                    async with self._changed:
                        self._changes += 1
                        self._changed.notify_all()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._feed.close()

    async def close(self) -> None:
        """End the streams: a server that stops waits for none of them."""
        async with self._changed:
            self._closing = True
            self._changed.notify_all()

    async def next_change(self, seen: int, patience: float = QUIET_SECONDS) -> int:
        """Wait for a change after `seen`, at most `patience` seconds; give the count then."""
        async with self._changed:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait_for(lambda: self._changes > seen or self._closing), patience)
            return self._changes

    async def stream(self) -> AsyncIterator[str]:
        """Give server-sent events: `changed` at most once a second, comments in between."""
        seen = self._changes
        yield "retry: 2000\n\n"
        while not self._closing:
            count = await self.next_change(seen)
            yield f"event: changed\ndata: {count}\n\n" if count > seen else ": quiet\n\n"
            seen = count
            await asyncio.sleep(1)
