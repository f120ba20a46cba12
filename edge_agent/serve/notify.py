"""systemd's notification protocol (sd_notify(3)): one datagram of assignments to a Unix socket."""

from __future__ import annotations

import socket

from edge_agent.settings import notification_socket


class Notifier:
    """Says `ready`, `alive` and `stopping`; without a service manager it says nothing to nobody."""

    def __init__(self, address: str) -> None:
        # A leading @ names a socket of the abstract namespace.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self, status: str = "") -> None:
        self._send("READY=1" + (f"\nSTATUS={status}" if status else ""))

    def alive(self) -> None:
        """Feed the watchdog; call it only where the work really went on."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            try:
                # A service doesn't wait for its manager: one that doesn't listen is told again in a second.
                channel.sendto(text.encode(), socket.MSG_DONTWAIT, self._address)
            except OSError:
                return  # it restarts, or its queue is full


def from_environment() -> Notifier:
    """Give the notifier of the service manager that started this process."""
    return Notifier(notification_socket())
