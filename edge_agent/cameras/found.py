"""What a search of the network finds, before anybody has logged in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

import ifaddr

from edge_agent.errors import InputError

MAX_HOSTS = 1024  # a subnet larger than /22 is a typing error, or not a venue's
_SCOPE = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered. `xaddr` is empty where it speaks RTSP only; `local` says that its address is in one of
    our networks, so that it can be reached; `serial` and `realm` are what it tells before a login.
    """

    host: str
    xaddr: str = ""
    endpoint: str = ""
    scopes: tuple[str, ...] = ()
    local: bool = True
    serial: str = ""
    realm: str = ""
    rtsp_port: int = 0

    def scope(self, name: str) -> str:
        """The value of a scope such as `name` or `hardware`, empty if it has none."""
        prefix = f"{_SCOPE}{name}/"
        return next((unquote(one[len(prefix) :]) for one in self.scopes if one.startswith(prefix)), "")

    @property
    def maker(self) -> str:
        return self.scope("name")

    @property
    def model(self) -> str:
        return self.scope("hardware")


def interfaces() -> list[ipaddress.IPv4Interface]:
    """This computer's IPv4 addresses with their networks, loopback too."""
    return [
        ipaddress.IPv4Interface(f"{ip.ip}/{ip.network_prefix}")
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
        if isinstance(ip.ip, str)
    ]


def is_local(host: str, ours: Iterable[ipaddress.IPv4Interface]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True  # a name: resolving it is the network's business
    return any(address in interface.network for interface in ours)


def door(target: str) -> tuple[str, int] | None:
    """Host and port of a target that names both (`192.168.1.64:8899`)."""
    host, colon, port = target.rpartition(":")
    if not colon:
        return None
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:  # noqa: PLR2004 - the last port
        raise InputError(f"{target}：端口不对 / not a port.", do="192.168.1.64:80")
    return host, int(port)


def hosts(target: str) -> list[str]:
    """The addresses of a host (`192.168.1.64`, `camera.lan`) or of a subnet (`192.168.1.0/24`)."""
    if "/" not in target:
        return [target]
    try:
        network = ipaddress.IPv4Network(target, strict=False)
    except ValueError as error:
        raise InputError(f"{target}: not a subnet ({error}).", do="Write it as 192.168.1.0/24.") from error
    if network.num_addresses > MAX_HOSTS:
        raise InputError(
            f"{target}: {network.num_addresses} addresses are too many.", do="Name a /22 or a smaller one."
        )
    return [str(address) for address in network.hosts()]
