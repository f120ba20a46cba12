"""WS-Discovery: asks every network at once, or one host alone, which cameras are there.

Sockets of our own, because the WSDiscovery package never reads the answers to a probe that was sent to one host, leaves
out the loopback network, and loses its thread to a malformed answer.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Iterable, Sequence

import defusedxml.ElementTree as SafeTree
from defusedxml import DefusedXmlException

from edge_agent.cameras.address import WEB_SCHEMES, host_of, pinned
from edge_agent.cameras.found import Found

GROUP = "239.255.255.250"
PORT = 3702
MULTICAST_S = 3.0  # cameras wait up to half a second before they answer, Wi-Fi repeats its frames
UNICAST_S = 1.5
REPEATS = 2  # UDP gets lost, and an answer that came twice is one
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
    return await _probe([("0.0.0.0", (host, port)) for host in hosts], seconds or UNICAST_S)  # noqa: S104 - outgoing


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: list[tuple[bytes, str]]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self._heard) < _MAX_ANSWERS:
            self._heard.append((data, addr[0]))


async def _probe(routes: Sequence[tuple[str, tuple[str, int]]], seconds: float) -> list[Found]:
    loop = asyncio.get_running_loop()
    heard: list[tuple[bytes, str]] = []
    transports: dict[str, asyncio.DatagramTransport] = {}
    try:
        for address in dict.fromkeys(address for address, _ in routes):
            try:
                sock = _socket(address)
            except OSError:
                continue  # an interface that went down since it was listed
            transports[address], _ = await loop.create_datagram_endpoint(lambda: _Ear(heard), sock=sock)
        for round_ in range(REPEATS):
            for address, target in routes:
                if address in transports:
                    for kind in _TYPES:
                        transports[address].sendto(_message(kind), target)
            await asyncio.sleep(seconds * (0.2 if round_ + 1 < REPEATS else 0.8))
    finally:
        for transport in transports.values():
            transport.close()
    found: dict[str, Found] = {}
    for data, source in heard:
        for one in _matches(data, source):
            found.setdefault(one.endpoint or one.xaddr, one)
    return sorted(found.values(), key=lambda one: one.host)


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
