"""The sockets on which pages are served."""

from __future__ import annotations

import socket


def listen(host: str, port: int, *, backlog: int) -> socket.socket:
    """Listen at an address; raises `OSError` where that can't be.

    Answers leave at once: asyncio turns Nagle's algorithm off only for sockets that name their protocol, which
    `create_server`'s do not, and with it every answer of two packets waits 40 ms for the browser's delayed
    acknowledgement. Accepted connections inherit the option.
    """
    made = socket.create_server(
        (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=backlog
    )
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
