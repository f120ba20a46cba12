"""Knocks at the doors that cameras have, where WS-Discovery is switched off or swallowed; no password is sent."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence

from edge_agent.cameras.address import RTSP_PORT
from edge_agent.cameras.found import Found
from edge_agent.cameras.onvif import speaks_onvif

# 80: most; 2020: TP-Link; 8000 and 8080: older firmware and NVRs; 8899: Xiongmai boards under many names.
ONVIF_PORTS = (80, 2020, 8000, 8080, 8899)
CONNECT_S = 0.7
ANSWER_S = 2.0
_AT_ONCE = 100  # connections being opened; home routers drop more
_REALM = re.compile(rb'realm="([^"]{1,128})"', re.IGNORECASE)


async def scan_hosts(
    hosts: Sequence[str], *, ports: Sequence[int] = ONVIF_PORTS, rtsp_ports: Sequence[int] = (RTSP_PORT,)
) -> list[Found]:
    """The hosts among `hosts` that speak ONVIF on one of `ports`, or RTSP."""
    gate = asyncio.Semaphore(_AT_ONCE)
    doors = [(host, port) for host in hosts for port in (*ports, *rtsp_ports)]
    open_ = await asyncio.gather(*(_is_open(host, port, gate) for host, port in doors))
    answering: dict[str, list[int]] = {}
    for (host, port), yes in zip(doors, open_, strict=True):
        if yes:
            answering.setdefault(host, []).append(port)
    found = await asyncio.gather(*(_look(host, those, rtsp_ports) for host, those in answering.items()))
    return [one for one in found if one is not None]


async def _is_open(host: str, port: int, gate: asyncio.Semaphore) -> bool:
    async with gate:
        try:
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True


async def _look(host: str, ports: Sequence[int], rtsp_ports: Sequence[int]) -> Found | None:
    xaddr = ""
    for port in ports:
        if port not in rtsp_ports and await _speaks_onvif(address := f"http://{host}:{port}/onvif/device_service"):
            xaddr = address
            break
    rtsp = next((port for port in ports if port in rtsp_ports), 0)
    return Found(host, xaddr, rtsp_port=rtsp) if xaddr or rtsp else None


async def _speaks_onvif(xaddr: str) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_S):
            return await speaks_onvif(xaddr)
    return False


async def rtsp_realm(host: str, port: int) -> str:
    """What RTSP calls itself when it asks for a password: Dahua's and its relatives' `Login to SERIALNUMBER`."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"DESCRIBE rtsp://{host}:{port}/ RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
                writer.write(request.encode())
                answer = await reader.read(4096)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""
    match = _REALM.search(answer)
    return match[1].decode("utf-8", "replace") if match else ""
