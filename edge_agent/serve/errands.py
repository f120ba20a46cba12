"""Requests that take longer than a tick: answered one at a time, in a thread of their own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from edge_agent.errors import EdgeAgentError
from edge_agent.store import requests
from edge_agent.store.database import Connection
from edge_agent.store.requests import Request
from edge_agent.store.writer import Writer

log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Request], Mapping[str, Any]]
"""Does what is asked and gives the answer; an `EdgeAgentError` is the answer of one that can't be done."""


class Errands:
    """`handlers` say which kinds of requests are this service's to answer; what a killed one left is done anew."""

    def __init__(self, writer: Writer, handlers: Mapping[str, Handler], *, name: str = "errands") -> None:
        self._writer = writer
        self._handlers = handlers
        self._kinds = tuple(handlers)
        self._name = name
        self._thread: threading.Thread | None = None
        writer.run(lambda tx: requests.reopen(tx, self._kinds))

    def tick(self, connection: Connection) -> None:
        if (self._thread is None or not self._thread.is_alive()) and requests.waiting(connection, self._kinds):
            taken = self._writer.run(lambda tx: requests.take(tx, self._kinds))
            self._thread = threading.Thread(target=self._run, args=(taken,), name=self._name, daemon=True)
            self._thread.start()

    def close(self, timeout: float | None = None) -> None:
        """Wait for what is in hand: half of a package is worth nothing."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, taken: list[Request]) -> None:
        for request in taken:
            answer, failed = self._answer(request)
            self._writer.run(partial(requests.answer, identifier=request.id, result=answer, failed=failed))

    def _answer(self, request: Request) -> tuple[dict[str, Any], bool]:
        try:
            return dict(self._handlers[request.kind](request)), False
        except EdgeAgentError as error:
            return {"error": error.message, "do": error.do}, True
        except Exception as error:
            log.exception("%s %s failed.", request.kind, request.id)
            return {"error": f"{type(error).__name__}: {error}", "do": "edge-agent doctor --bundle"}, True
