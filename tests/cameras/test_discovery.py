"""Searching a network: by multicast, at one host, over a subnet; what is told before a login; hostile answers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge_agent.cameras.brands import brand_of, hint
from edge_agent.cameras.discovery import discover, with_serial
from edge_agent.cameras.found import Found, door, hosts
from edge_agent.cameras.probe import probe_hosts, probe_networks
from edge_agent.cameras.scan import rtsp_realm
from edge_agent.errors import InputError
from edge_agent.simulator import Fault, StreamSpec, VirtualCamera
from tests.servers import free_port

TINY = StreamSpec(width=160, height=90, seconds=1)


def camera(serial: str, **options: object) -> VirtualCamera:
    return VirtualCamera(serial=serial, main=TINY, sub=None, **options)  # type: ignore[arg-type] # a test's shorthand


async def test_multicast_finds_every_camera_of_a_network() -> None:
    with camera("VM0000001", discovery="multicast") as one, camera("VM0000002", discovery="multicast") as two:
        found = await probe_networks(["127.0.0.1"], seconds=0.5)
    ours = {item.endpoint: item for item in found if item.endpoint in {one.endpoint, two.endpoint}}
    assert {endpoint: item.xaddr for endpoint, item in ours.items()} == {
        one.endpoint: one.onvif_url,
        two.endpoint: two.onvif_url,
    }
    assert {(item.maker, item.model) for item in ours.values()} == {("Virtual", "VC-1")}


async def test_a_subnet_is_searched_where_multicast_is_swallowed() -> None:
    port = free_port()
    with (
        camera("VC0000011", host="127.0.0.11", discovery_port=port),
        camera("VC0000012", host="127.0.0.12", discovery_port=port, tells_serial=False),
        camera("VC0000013", host="127.0.0.13", discovery="off") as silent,
    ):
        found = await discover(
            ["127.0.0.8/29"],
            multicast=False,
            factory_defaults=False,
            udp_port=port,
            ports=(silent.onvif_port,),
            rtsp_ports=(),
        )
    assert [(one.host, one.serial) for one in found] == [
        ("127.0.0.11", "VC0000011"),
        ("127.0.0.12", ""),
        ("127.0.0.13", "VC0000013"),
    ]
    assert [one.host for one in with_serial(found, "0000013")] == ["127.0.0.13"]


async def test_devices_behind_doors_of_one_host_are_each_found() -> None:
    with camera("VC0000001", discovery="off") as one, camera("VC0000002", discovery="off") as two:
        doors = [f"127.0.0.1:{each.onvif_port}" for each in (one, two)]
        found = await discover(
            doors, multicast=False, factory_defaults=False, udp_port=free_port(), ports=(), rtsp_ports=()
        )
    assert {item.serial: item.xaddr for item in found} == {"VC0000001": one.onvif_url, "VC0000002": two.onvif_url}


async def test_a_camera_without_onvif_is_found_by_its_rtsp_with_what_to_switch_on() -> None:
    with camera("VC0000001") as one:
        port = int(one.url(credentials=False).split(":")[2].split("/")[0])
        (found,) = await discover(
            ["127.0.0.1"], multicast=False, factory_defaults=False, udp_port=free_port(), ports=(), rtsp_ports=(port,)
        )
        assert (found.xaddr, found.rtsp_port, found.realm) == ("", port, "virtual-camera")
        assert "ONVIF" in hint(found)
        assert await rtsp_realm("127.0.0.1", free_port()) == ""


async def test_an_address_of_another_network_is_not_believed() -> None:
    with camera("VC0000001") as one:
        one.fault(Fault.FOREIGN_ADDRESS)
        (found,) = await probe_hosts(["127.0.0.1"], port=one.discovery_port, seconds=0.3)
        assert found.xaddr == one.onvif_url


@contextmanager
def answering(*answers: bytes, pause: float = 0.0) -> Iterator[int]:
    """A device that answers every probe with these datagrams, `pause` seconds apart."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, address = sock.recvfrom(65_536)
            if data == b"stop":
                return
            for answer in answers:
                sock.sendto(answer, address)
                time.sleep(pause)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        sock.sendto(b"stop", sock.getsockname())
        thread.join()
        sock.close()


MATCH = (
    b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
    b'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><e:Header/><e:Body><d:ProbeMatches><d:ProbeMatch>'
    b"<a:EndpointReference><a:Address>urn:x</a:Address></a:EndpointReference><d:XAddrs>%s</d:XAddrs>"
    b"</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
)


async def test_what_is_no_answer_does_not_end_the_search() -> None:
    with answering(b"<a/>", MATCH % b"http://127.0.0.1:81/x", pause=0.05) as port:
        (found,) = await probe_hosts(["127.0.0.1"], port=port, seconds=5)
    assert found.endpoint == "urn:x"


async def test_hostile_answers_are_dropped_and_the_good_one_is_kept() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    good = MATCH % b"http://[broken file:///etc/passwd http://10.0.0.9:7/x http://127.0.0.1:81/onvif/device_service"
    with answering(b"", b"\xff\xfe\x00", bomb, MATCH[:80], b"<a/>", good) as port:
        found = await probe_hosts(["127.0.0.1"], port=port, seconds=0.3)
    assert [(one.endpoint, one.xaddr) for one in found] == [("urn:x", "http://127.0.0.1:81/onvif/device_service")]


async def test_searching_where_nobody_is_finds_nothing() -> None:
    nobody = free_port()
    assert (
        await discover(
            ["127.0.0.1"],
            multicast=False,
            factory_defaults=False,
            udp_port=nobody,
            ports=(nobody,),
            rtsp_ports=(nobody,),
        )
        == []
    )


def test_targets() -> None:
    assert hosts("192.168.1.0/30") == ["192.168.1.1", "192.168.1.2"]
    assert hosts("192.168.1.7/30") == ["192.168.1.5", "192.168.1.6"]
    assert hosts("camera.lan") == ["camera.lan"]
    for wrong in ("10.0.0.0/8", "192.168.1.0/33", "a/24"):
        with pytest.raises(InputError, match=wrong):
            hosts(wrong)
    assert door("camera.lan") is None
    assert door("camera.lan:8899") == ("camera.lan", 8899)
    for wrong in ("camera.lan:", "camera.lan:99999", ":80"):
        with pytest.raises(InputError, match=wrong):
            door(wrong)


def test_a_camera_at_its_factory_address_is_named_as_one_that_can_not_be_reached() -> None:
    told = hint(Found("192.168.1.64", "http://192.168.1.64/onvif/device_service", local=False))
    assert "192.168.1.64" in told
    assert "出厂地址" in told


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("HIKVISION DS-2CD2143G0-I", "海康威视 Hikvision"),
        ("Login to 5F02A7EPAG00099", "大华 Dahua"),
        ("TP-Link", "TP-LINK"),
        ("somebody else", None),
    ],
)
def test_brands_are_known_by_what_they_call_themselves(said: str, name: str | None) -> None:
    brand = brand_of(said)
    assert (brand and brand.name) == name


def test_the_search_does_not_outlive_its_loop() -> None:
    """No socket is left open behind a search that was cancelled."""

    async def cancelled() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await probe_networks(["127.0.0.1"], seconds=5)

    asyncio.run(cancelled())
