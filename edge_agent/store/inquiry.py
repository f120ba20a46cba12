"""Asks another service something, through `requests`, and waits for its answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

from edge_agent.store import requests
from edge_agent.store.database import connect
from edge_agent.store.requests import Request
from edge_agent.store.writer import Transaction, Writer

_POLL = 0.05  # seconds


def inquire(
    writer: Writer, file: Callable[[Transaction], str], *, taken_within: float, answered_within: float
) -> Request | None:
    """Give the answered request; None where nobody took it within so many seconds, or answered it within so many more.

    `file` files it and gives its id. What nobody took is withdrawn, so that nobody does it later.
    """
    identifier = writer.run(file)
    began = time.monotonic()
    with closing(connect(writer.path, readonly=True)) as connection:
        while (request := requests.find(connection, identifier)) is not None and request.state in {"asked", "taken"}:
            waited = time.monotonic() - began
            if request.state == "asked" and waited > taken_within:
                if writer.run(lambda tx: requests.withdraw(tx, identifier)):
                    return None
            elif waited > taken_within + answered_within:
                return None
            time.sleep(_POLL)
    return request
