"""Answers leave at once, on every address that pages are served at."""

from __future__ import annotations

import socket

import pytest

from edge_agent.furniture.listening import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_answer_waits_for_an_acknowledgement(host: str) -> None:
    with listen(host, 0, backlog=1) as server, socket.create_connection(server.getsockname()[:2]) as browser:
        accepted, _ = server.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert browser.recv(1) == b""
