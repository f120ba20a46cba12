"""Finds cameras: by multicast on every network, and at the hosts and subnets that are named."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from edge_agent.cameras import found as network
from edge_agent.cameras.address import RTSP_PORT
from edge_agent.cameras.brands import DEFAULT_HOSTS
from edge_agent.cameras.device import plausible_serial, same_serial
from edge_agent.cameras.found import Found
from edge_agent.cameras.onvif import anonymous_serial
from edge_agent.cameras.probe import PORT, probe_hosts, probe_networks
from edge_agent.cameras.scan import ONVIF_PORTS, rtsp_realm, scan_hosts

_AT_ONCE = 16  # devices asked for their serial number together
_LOGIN_TO = "login to "


async def discover(
    targets: Sequence[str] = (),
    *,
    multicast: bool = True,
    factory_defaults: bool = True,
    udp_port: int = PORT,
    ports: Sequence[int] = ONVIF_PORTS,
    rtsp_ports: Sequence[int] = (RTSP_PORT,),
) -> list[Found]:
    """Every camera that answers, with the serial number that it tells before a login, one each.

    `targets` are hosts, subnets, or doors (`192.168.1.64:8899`) where ONVIF has an unusual port. With
    `factory_defaults` the addresses that the common brands leave the factory with are asked as well; a sealed venue
    doesn't, because they may lie outside its network.
    """
    doors = [door for target in targets if (door := network.door(target))]
    named = [host for target in targets if not network.door(target) for host in network.hosts(target)]
    ours = network.interfaces()
    guessed = DEFAULT_HOSTS if factory_defaults else ()
    searches = [
        probe_hosts([*named, *guessed], port=udp_port),
        scan_hosts(named, ports=ports, rtsp_ports=rtsp_ports),
    ]
    searches += [scan_hosts([host], ports=[port], rtsp_ports=()) for host, port in doors]
    if multicast:
        searches.append(probe_networks([str(interface.ip) for interface in ours]))
    found = _merge([one for search in await asyncio.gather(*searches) for one in search], doors)
    gate = asyncio.Semaphore(_AT_ONCE)
    return list(
        await asyncio.gather(*(identify(replace(one, local=network.is_local(one.host, ours)), gate) for one in found))
    )


def _merge(found: Iterable[Found], doors: Collection[tuple[str, int]]) -> list[Found]:
    """One each: what WS-Discovery said of a host wins over what a knock at its door showed. Behind doors of one host
    that were named there may be several devices, as a router forwards them.
    """
    known: dict[str, Found] = {}
    seen: set[str] = set()
    for one in sorted(found, key=lambda one: (not one.endpoint, not one.xaddr)):
        named = bool(one.xaddr) and (one.host, urlsplit(one.xaddr).port or 80) in doors
        if one.endpoint or (one.xaddr if named else one.host) not in seen:
            known.setdefault(one.endpoint or (one.xaddr if named else one.host), one)
            seen |= {one.host, one.xaddr}
    return sorted(known.values(), key=lambda one: one.host)


async def identify(found: Found, gate: asyncio.Semaphore | None = None) -> Found:
    """Adds the serial number where the device tells it without a password."""
    async with gate or asyncio.Semaphore():
        serial = _told_in_scopes(found)
        if not serial and found.xaddr:
            serial = await anonymous_serial(found.xaddr)
        realm = found.realm
        if not serial:
            realm = await rtsp_realm(found.host, found.rtsp_port or RTSP_PORT)
            if realm.lower().startswith(_LOGIN_TO):
                serial = plausible_serial(realm[len(_LOGIN_TO) :])
        return replace(found, serial=serial, realm=realm)


def _told_in_scopes(found: Found) -> str:
    return next((found.scope(name) for name in ("serial", "serialNumber", "SN") if found.scope(name)), "")


def with_serial(found: Iterable[Found], label: str) -> list[Found]:
    """Those whose serial number is the label's, or ends in it."""
    return [one for one in found if same_serial(one.serial, label)]
