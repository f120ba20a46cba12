"""WS-Discovery: asks every network at once, or one host alone, which cameras are there.

Sockets of our own, because the WSDiscovery package never reads the answers to a probe that was sent to one host, leaves
out the loopback network, and loses its thread to a malformed answer.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException

from edge_agent.cameras.address import WEB_SCHEMES, host_of, pinned
from edge_agent.cameras.found import Found

GROUP = "239.255.255.250"
PORT = 3702
MULTICAST_S = 3.0  # cameras wait up to half a second before they answer, Wi-Fi repeats its frames
UNICAST_S = 1.5
_SHARES = (0.2, 0.8)  # of the time, after each round of probes: UDP gets lost, and an answer that came twice is one
_TTL = 4
_MAX_ANSWERS = 2048
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
# Dahua answers to `Device` alone, Hikvision to `NetworkVideoTransmitter`; no type at all would wake printers too.
_TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")


async def probe_networks(addresses: Iterable[str], *, seconds: float | None = None) -> list[Found]:
    """Sends a probe out of each of our `addresses`, to the multicast group."""
    return await _probe([(address, (GROUP, PORT)) for address in addresses], seconds or MULTICAST_S)


async def probe_hosts(hosts: Sequence[str], *, port: int = PORT, seconds: float | None = None) -> list[Found]:
    """Sends a probe to each host alone: routers and managed switches often swallow multicast."""
    routes = [("0.0.0.0", (host, port)) for host in hosts]  # noqa: S104 - outgoing
    return await _probe(routes, seconds or UNICAST_S, enough=len(hosts))


class _Ears(asyncio.DatagramProtocol):
    """Hears the answers of all sockets; `satisfied` once `enough` addresses have told of a device.

    What is no answer does not count, or a broken datagram would end the search before the good one behind it.
    """

    def __init__(self, enough: int | None) -> None:
        self.told: list[Found] = []
        self.satisfied = asyncio.Event()
        self._enough = enough
        self._left = _MAX_ANSWERS
        self._sources: set[str] = set()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._left:
            return
        self._left -= 1
        if matches := _matches(data, addr[0]):
            self.told += matches
            self._sources.add(addr[0])
        if len(self._sources) == self._enough:
            self.satisfied.set()


async def _probe(
    routes: Sequence[tuple[str, tuple[str, int]]], seconds: float, *, enough: int | None = None
) -> list[Found]:
    """Waits `seconds`, or until `enough` addresses have answered."""
    ears = _Ears(enough)
    transports = await _open({address for address, _ in routes}, ears)
    try:
        for share in _SHARES:
            for address, target in routes:
                if address in transports:
                    for kind in _TYPES:
                        transports[address].sendto(_message(kind), target)
            with suppress(TimeoutError):
                await asyncio.wait_for(ears.satisfied.wait(), seconds * share)
    finally:
        for transport in transports.values():
            transport.close()
    found: dict[str, Found] = {}
    for one in ears.told:
        found.setdefault(one.endpoint or one.xaddr, one)
    return sorted(found.values(), key=lambda one: one.host)


async def _open(addresses: Iterable[str], ears: _Ears) -> dict[str, asyncio.DatagramTransport]:
    transports = {}
    for address in addresses:
        try:
            sock = _socket(address)
        except OSError:
            continue  # an interface that went down since it was listed
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: ears, sock=sock)
        transports[address] = transport
    return transports


def _socket(address: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(0)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sock.bind((address, 0))
    return sock


def _message(kind: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}" xmlns:a="{_ADDRESSING}" '
        f'xmlns:d="{_DISCOVERY}" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" '
        'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        f"<a:Action>{_DISCOVERY}/Probe</a:Action></s:Header><s:Body><d:Probe><d:Types>{kind}</d:Types></d:Probe>"
        "</s:Body></s:Envelope>"
    ).encode()


def _matches(data: bytes, source: str) -> list[Found]:
    """The devices in an answer from `source`. Whatever address they tell, they are where the answer came from."""
    try:
        root = SafeTree.fromstring(data, forbid_dtd=True)
    except (SafeTree.ParseError, DefusedXmlException, ValueError):
        return []
    found = []
    for match in root.iter(f"{{{_DISCOVERY}}}ProbeMatch"):
        told = (match.findtext(f"{{{_DISCOVERY}}}XAddrs") or "").split()
        told.sort(key=lambda address: host_of(address) != source)  # a camera with several addresses tells all of them
        xaddr = next((here for address in told if (here := pinned(address, source, None, WEB_SCHEMES))), "")
        endpoint = match.findtext(f"{{{_ADDRESSING}}}EndpointReference/{{{_ADDRESSING}}}Address") or ""
        scopes = tuple((match.findtext(f"{{{_DISCOVERY}}}Scopes") or "").split())
        if xaddr or endpoint:
            found.append(Found(source, xaddr, endpoint.strip(), scopes))
    return found
