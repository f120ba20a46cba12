"""Sealed mode (涉密): this process sends no packet out of the venue's own networks, and asks no name server.

The guard is Python's audit hook: it sees every connection and datagram of every library before the kernel does, and it
can't be taken off again. What libraries in C open by themselves (a camera's stream) it does not see: their addresses
are checked where cameras are bound, and the units under `systemd/optional/sealed.conf` bind the kernel as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from edge_agent.errors import ForbiddenError

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Loopback, and multicast that no router passes on: cameras are found by it, on the venue's own interfaces.
_HERE: tuple[Network, ...] = tuple(
    map(ip_network, ("127.0.0.0/8", "::1/128", "224.0.0.0/24", "239.255.255.250/32", "ff01::/16", "ff02::/16"))
)
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_RESOLVES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}


class SealedError(ForbiddenError, PermissionError):
    """A packet that would have left the venue. It is an `OSError` as well: to a library the network refuses."""


class Seal:
    """Says which addresses are inside."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = (*_HERE, *networks)

    def check_address(self, host: str) -> None:
        """Raise `SealedError` for an address outside, and for a name, because asking for it would leave the venue."""
        if host in {"", "localhost"}:
            return
        try:
            address = _unmapped(ip_address(host.partition("%")[0]))
        except ValueError:
            raise SealedError(
                f"{host}: a sealed venue resolves no names (涉密模式不解析域名).", do="Give an address of the LAN."
            ) from None
        # Nobody has the unspecified address: it is where servers listen.
        if not address.is_unspecified and not any(address in network for network in self._networks):
            raise SealedError(
                f"{host} lies outside this sealed venue's networks (涉密模式，禁止外联).",
                do="Add its network to `lan` if it belongs to the venue.",
            )

    def _check_interface(self, sock: Any, host: str) -> None:
        """A multicast leaves by an interface, whatever its address: only by one whose own address is inside."""
        try:
            if not ip_address(host.partition("%")[0]).is_multicast:
                return
        except ValueError:
            return
        own = _unmapped(ip_address(_text(sock.getsockname()[0]).partition("%")[0]))
        if not any(own in network for network in self._networks):
            raise SealedError(
                f"{host}: no multicast by the interface of {own} (涉密模式，禁止外联).",
                do="Add its network to `lan` if it belongs to the venue.",
            )

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """The hook itself."""
        if event in _SENDS:
            target = args[1] if len(args) > 1 else None
            if isinstance(target, tuple) and target:
                self.check_address(_text(target[0]))
                self._check_interface(args[0], _text(target[0]))
        elif event in _RESOLVES and args[0] is not None:
            host = args[0][0] if isinstance(args[0], tuple) else args[0]
            self.check_address(_text(host))


def seal_process(networks: Iterable[Network]) -> None:
    """From now on and for good, nothing of this process leaves `networks`."""
    sys.addaudithook(Seal(networks).audit)


def _unmapped(address: Address) -> Address:
    """Give the IPv4 address inside `::ffff:a.b.c.d`: it is that host that is reached."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _text(host: object) -> str:
    return host.decode(errors="replace") if isinstance(host, bytes | bytearray) else str(host)
