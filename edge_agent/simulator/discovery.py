"""Answers WS-Discovery probes (OASIS 1.1 as ONVIF profiles it): to the multicast group, or to the camera alone."""

from __future__ import annotations

import asyncio
import socket
import struct
import uuid
from xml.sax.saxutils import escape

import defusedxml.ElementTree as SafeTree

from edge_agent.simulator import soap
from edge_agent.simulator.device import Device

GROUP = "239.255.255.250"
PORT = 3702
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_OURS = {"NetworkVideoTransmitter", "Device"}


class Responder(asyncio.DatagramProtocol):
    """`port` 0 takes a free one, for probes sent straight to it; the group is only reached on 3702.

    `multicast` is, once it has started, whether it hears the group: a network that is down has none.
    """

    def __init__(self, device: Device, port: int, *, multicast: bool) -> None:
        self._device = device
        self.port = port
        self.multicast = multicast
        self._transports: list[asyncio.DatagramTransport] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        sockets = [_unicast(self._device.host, self.port)]
        self.port = sockets[0].getsockname()[1]
        if self.multicast:
            try:
                sockets.append(_group(self._device.host))
            except OSError:
                self.multicast = False
        for sock in sockets:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(self._device), sock=sock)
            self._transports.append(transport)

    def stop(self) -> None:
        while self._transports:
            self._transports.pop().close()


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, device: Device) -> None:
        self._device = device
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # asyncio's stub says BaseTransport
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message_id = _wanted(data)
        if message_id is not None and self._transport is not None:
            self._transport.sendto(_match(self._device, message_id).encode(), addr)


def _unicast(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.settimeout(0)
    return sock


def _group(host: str) -> socket.socket:
    """Bound to the group's address, so that this socket gets no unicast meant for a neighbour on the same host."""
    sock = _unicast(GROUP, PORT)
    sock.setsockopt(
        socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("4s4s", *map(socket.inet_aton, (GROUP, host)))
    )
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(host))
    return sock


def _wanted(data: bytes) -> str | None:
    """The message id of a probe that asks for a camera, None for everything else."""
    try:
        root = SafeTree.fromstring(data)
    except (SafeTree.ParseError, ValueError):
        return None
    probe = root.find(f"{{{_ENVELOPE}}}Body/{{{_DISCOVERY}}}Probe")
    message_id = root.findtext(f"{{{_ENVELOPE}}}Header/{{{_ADDRESSING}}}MessageID")
    if probe is None or not message_id:
        return None
    types = {name.rpartition(":")[2] for name in (probe.findtext(f"{{{_DISCOVERY}}}Types") or "").split()}
    return message_id if not types or types & _OURS else None


def _match(device: Device, relates_to: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{_ENVELOPE}" xmlns:a="{_ADDRESSING}" '
        f'xmlns:d="{_DISCOVERY}" xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(relates_to)}</a:RelatesTo>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:Action>{_DISCOVERY}/ProbeMatches</a:Action></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<a:EndpointReference><a:Address>urn:uuid:{device.endpoint}</a:Address></a:EndpointReference>"
        f"<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>{escape(' '.join(soap.scopes(device)))}</d:Scopes>"
        f"<d:XAddrs>http://{device.told_host()}:{device.http_port}/onvif/device_service</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    )
