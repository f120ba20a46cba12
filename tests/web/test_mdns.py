"""NAME.local is answered, to whoever asks on the wire, and nothing else is."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Iterator

import pytest

from edge_agent.web.mdns import GROUP, PORT, Responder, answer
from edge_agent.web.tls import Names

NAMES = Names("Classroom-7", (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("fd00::7")))


def query(name: str, kind: int = 1, *, number: int = 7, flags: int = 0) -> bytes:
    labels = b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"
    return struct.pack(">6H", number, flags, 1, 0, 0, 0) + labels + struct.pack(">2H", kind, 1)


def test_addresses_of_the_kind_asked_for() -> None:
    for kind, packed in ((1, [NAMES.addresses[0].packed]), (28, [NAMES.addresses[1].packed])):
        told = answer(query("classroom-7.LOCAL", kind), NAMES, legacy=False)
        assert told is not None
        assert struct.unpack_from(">6H", told) == (0, 0x8400, 0, 1, 0, 0)
        assert told.endswith(packed[0])
    everything = answer(query("classroom-7.local", 255), NAMES, legacy=False)
    assert everything is not None
    assert struct.unpack_from(">6H", everything)[3] == 2


@pytest.mark.parametrize(
    "packet",
    [
        query("other.local"),
        query("classroom-7.local", 12),
        query("classroom-7.local", flags=0x8400),
        b"",
        bytes(12)[:5],
        struct.pack(">6H", 0, 0, 9, 0, 0, 0) + b"\xc0\x0c",
        struct.pack(">6H", 0, 0, 1, 0, 0, 0) + b"\x3fabc",
        query("classroom-7.local")[:-3],
    ],
)
def test_nothing_else_is_answered(packet: bytes) -> None:
    assert answer(packet, NAMES, legacy=False) is None


@pytest.fixture
def responder() -> Iterator[Responder]:
    responder = Responder(lambda: NAMES)
    yield responder
    responder.close()


def test_somebody_asks_on_the_wire(responder: Responder) -> None:
    del responder
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        asker.settimeout(0.5)
        for _ in range(40):
            asker.sendto(query("classroom-7.local", number=99), (GROUP, PORT))
            try:
                told = asker.recv(9000)
            except TimeoutError:
                continue
            break
    assert struct.unpack_from(">6H", told) == (99, 0x8400, 1, 1, 0, 0)
    assert told.endswith(socket.inet_aton("127.0.0.1"))
