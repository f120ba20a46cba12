"""A sealed process sends nothing out of its networks: by the guard's own rules, and by a counter in the kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest

from edge_agent.cameras.requests import DISCOVER, ask
from edge_agent.model.media import Media, MediaKind
from edge_agent.sealed import Seal, SealedError
from edge_agent.serve.agent import open_agent
from edge_agent.store import media as media_rows
from edge_agent.store.facts import read_facts
from edge_agent.sync.identity import Identity
from tests.data import ROOT
from tests.servers import program
from tests.sync.world import NOW, Device

SEAL = Seal([ip_network("192.168.1.0/24"), ip_network("fd00::/64")])


@pytest.mark.parametrize(
    "host", ["192.168.1.77", "127.0.0.1", "::1", "localhost", "", "fd00::5", "::ffff:192.168.1.9", "::"]
)
def test_addresses_of_the_venue_are_inside(host: str) -> None:
    SEAL.check_address(host)


@pytest.mark.parametrize(
    "host", ["192.168.2.1", "8.8.8.8", "fd00:1::5", "::ffff:8.8.8.8", "ntp.aliyun.com", "192.168.1.256"]
)
def test_everything_else_is_outside_names_too(host: str) -> None:
    with pytest.raises(SealedError):
        SEAL.check_address(host)


def test_every_way_to_send_is_watched() -> None:
    script = """
import socket, sys
from ipaddress import ip_network
from edge_agent.sealed import SealedError, seal_process
seal_process([ip_network("192.168.1.0/24")])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ways = [
    lambda: socket.create_connection(("203.0.113.1", 80), timeout=1),
    lambda: socket.create_connection(("example.org", 80), timeout=1),
    lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.gethostbyname("example.org"),
    lambda: udp.sendto(b"x", ("203.0.113.1", 123)),
    lambda: udp.sendmsg([b"x"], [], 0, ("203.0.113.1", 53)),
    lambda: udp.connect_ex(("203.0.113.1", 53)),
    lambda: udp.sendto(b"x", ("239.255.255.250", 3702)),
    lambda: __import__("requests").get("http://203.0.113.1/", timeout=1),
]
held = 0
for way in ways:
    try:
        way()
    except Exception as error:
        while error and not isinstance(error, SealedError):
            error = error.__cause__ or error.__context__
        held += isinstance(error, SealedError)
left, right = socket.socketpair()
left.sendall(b"unix sockets stay")
print(held == len(ways), right.recv(50).decode())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True unix sockets stay"


def _packets(tmp_path: Path, device: Device, *command: str, sealed: bool, seconds: int = 2) -> dict[str, int]:
    """Run services in a network of their own until they have spoken to the LAN; give what left by each interface."""
    (tmp_path / "resolv.conf").write_text("nameserver 198.51.100.53\noptions timeout:1 attempts:1\n")
    lines = ["set -e", "ip link set lo up", f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf"]
    for name, network in (("lan0", "192.168.77"), ("wan0", "198.51.100")):
        lines += [
            f"ip link add {name} type veth peer name {name}x",
            f"echo 1 > /proc/sys/net/ipv6/conf/{name}/disable_ipv6",
            f"ip link set {name}x up",
            f"ip addr add {network}.2/24 dev {name}",
            f"ip link set {name} up",
            f"ip neigh add {network}.1 lladdr 02:00:00:00:00:01 dev {name} nud permanent",
        ]
    lines += [
        "ip route add default via 198.51.100.1",
        f"{sys.executable} -m edge_agent {' '.join(command)} >{tmp_path}/log 2>&1 & pid=$!",
        "for i in $(seq 300); do ip -s link show lan0 | awk 'NR==6 && $2>0' | grep -q . && break; sleep 0.1; done",
        f"sleep {seconds}; kill $pid; wait $pid || true",
        "ip -j -s link",
    ]
    environment = {
        **os.environ,
        "EDGE_AGENT_STORE__DATA_DIR": str(device.root),
        "EDGE_AGENT_SEALED": str(sealed).lower(),
        "EDGE_AGENT_LAN": '["192.168.77.0/24"]',
    }
    unshare = [program("unshare", package="util-linux"), "--mount", "--net"]
    unshare += [] if os.geteuid() == 0 else ["--map-root-user"]
    done = subprocess.run(
        [*unshare, "sh", "-c", "\n".join(lines)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {link["ifname"]: link["stats64"]["tx"]["packets"] for link in json.loads(done.stdout)}


def _kinds(device: Device) -> str:
    with open_agent(device.settings) as agent, agent.reading() as reader:
        return " ".join(fact.kind for fact in read_facts(reader))


def test_a_counter_in_the_kernel_sees_no_packet_leave_a_sealed_venue(tmp_path: Path) -> None:
    """The broker stands in the LAN; the centre, a time server and the name server do not."""
    device = Device(tmp_path / "device")
    public = device.signer.public.public_bytes_raw().hex()
    device.folder.write(
        Identity(
            tenant="jinan",
            agent="ea-1",
            mqtt="mqtt://192.168.77.1",
            http="http://centre.example.org",
            keys=[public],
        )
    )
    with open_agent(device.settings) as agent:
        stored = agent.files.store(MediaKind.SNAPSHOT, ".jpg", b"picture", NOW)
        media = Media("m1", MediaKind.SNAPSHOT, stored.path, stored.sha256, stored.size, NOW, NOW)
        agent.writer.run(lambda tx: media_rows.add(tx, media))
    open_venue = _packets(tmp_path, device, "serve", "sync", sealed=False)
    with open_agent(device.settings) as agent:
        agent.writer.run(lambda tx: ask(tx, DISCOVER, {"targets": ["192.168.77.0/30", "198.51.100.9"]}, by="a"))
    sealed_venue = _packets(tmp_path, device, "run", sealed=True, seconds=10)  # all four services
    assert _kinds(device).count("service.started") == 1 + 4
    assert open_venue["lan0"] > 0
    assert open_venue["wan0"] > 0  # the counter works: it asked the name server
    assert sealed_venue["lan0"] > 0
    assert sealed_venue["wan0"] == 0
