"""Answers to NAME.local on the LAN (RFC 6762), so that a tablet finds the device by the name in its certificate.

Only addresses are answered: no service is browsed for. Where the system has a responder of its own, both say the same.
"""

from __future__ import annotations

import ipaddress
import logging
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from edge_agent.web.tls import Address, Names

GROUP, PORT = "224.0.0.251", 5353
TTL = 120  # seconds, as the RFC recommends for addresses
JOIN_SECONDS = 30.0
"""How often networks are joined that came since: a cable that was plugged in, a lease that changed."""

_A, _AAAA, _ANY = 1, 28, 255
_IN, _FLUSH = 1, 0x8000
_QUERY_BITS, _ANSWER = 0xF800, 0x8400
_HEADER = struct.Struct(">6H")
_POINTER = 0xC0
_JUMPS = 16

log = logging.getLogger(__name__)


def answer(query: bytes, names: Names, *, legacy: bool) -> bytes | None:
    """Give the answer to a query for our name, or None; `legacy` askers (RFC 6762, 6.7) get their question back."""
    try:
        number, flags, count, *_ = _HEADER.unpack_from(query)
        wanted = [] if flags & _QUERY_BITS else list(_questions(query, count))
    except (struct.error, IndexError, ValueError):
        return None
    own = names.local.lower()
    kinds = {kind for name, kind, _ in wanted if name == own}
    found = [each for each in names.addresses if kinds & {_A if each.version == 4 else _AAAA, _ANY}]  # noqa: PLR2004 - of IP
    if not found:
        return None
    records = b"".join(_record(own, each, flush=not legacy) for each in found)
    if not legacy:
        return _HEADER.pack(0, _ANSWER, 0, len(found), 0, 0) + records
    question = _name(own) + struct.pack(">2H", min(kinds), _IN)
    return _HEADER.pack(number, _ANSWER, 1, len(found), 0, 0) + question + records


def _questions(query: bytes, count: int) -> Iterator[tuple[str, int, int]]:
    place = _HEADER.size
    for _ in range(count):
        name, place = _read_name(query, place)
        kind, group = struct.unpack_from(">2H", query, place)
        place += 4
        yield name.lower(), kind, group


def _read_name(packet: bytes, place: int) -> tuple[str, int]:
    labels, end, jumps = [], 0, 0
    while length := packet[place]:
        if length & _POINTER == _POINTER:
            end, place, jumps = end or place + 2, (length & ~_POINTER) << 8 | packet[place + 1], jumps + 1
            if jumps > _JUMPS:
                raise ValueError("a name that points to itself")
            continue
        labels.append(packet[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels), end or place + 1


def _name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in name.encode().split(b".")) + b"\0"


def _record(name: str, address: Address, *, flush: bool) -> bytes:
    kind = _A if isinstance(address, ipaddress.IPv4Address) else _AAAA
    group = _IN | (_FLUSH if flush else 0)
    return _name(name) + struct.pack(">2HIH", kind, group, TTL, len(address.packed)) + address.packed


class Responder:
    """Answers until `close`, on a thread of its own; `names` is asked anew, because addresses change.

    Where the port can't be had, it says so in the log and the device is reached by its addresses.
    """

    def __init__(self, names: Callable[[], Names]) -> None:
        self._names = names
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="mdns", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(2.0)

    def _run(self) -> None:
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                line.bind(("", PORT))
                self._listen(line)
        except OSError as error:
            log.warning("No answers to the name on the LAN (本机名称不可用，请用地址访问): %s", error)

    def _listen(self, line: socket.socket) -> None:
        names, joined, waited = self._names(), set[str](), JOIN_SECONDS
        while not self._closing.is_set():
            if waited >= JOIN_SECONDS:
                names, waited = self._names(), 0.0
                _join(line, names, joined)
            if not select.select([line], [], [], 0.5)[0]:
                waited += 0.5
                continue
            query, asker = line.recvfrom(9000)
            legacy = asker[1] != PORT
            told = answer(query, names, legacy=legacy)
            if told is not None:
                _tell(line, told, names, None if not legacy else asker)


def _join(line: socket.socket, names: Names, joined: set[str]) -> None:
    for address in names.addresses:
        if address.version != 4 or str(address) in joined:  # noqa: PLR2004 - of IP
            continue
        try:
            line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + address.packed)
        except OSError as error:
            log.info("%s: no multicast: %s", address, error)
        joined.add(str(address))


def _tell(line: socket.socket, told: bytes, names: Names, asker: tuple[str, int] | None) -> None:
    if asker is not None:
        line.sendto(told, asker)
        return
    for address in names.addresses:
        if address.version == 4:  # noqa: PLR2004 - of IP
            line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, address.packed)
            line.sendto(told, (GROUP, PORT))
