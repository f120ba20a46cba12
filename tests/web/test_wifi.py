"""无线网络: nmcli's terse output read, a network joined, and what is told when it can't be."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_agent.errors import DeviceError, InputError
from edge_agent.store.accounts import Role
from edge_agent.web.actions.wifi import Network, Wifi, fields
from tests.web.conftest import House

SECRET = "熊猫 and bamboo"
NETWORKS: list[tuple[str, int, str, str]] = [
    ("教室:5G\\a", 71, "WPA2", SECRET),
    ("", 90, "WPA2", "hidden one"),
    ("guest", 40, "", ""),
    ("guest", 55, "", ""),
]


class Radio:
    """The stand-in and its state."""

    def __init__(self, folder: Path, radios: int = 1) -> None:
        self._program = folder / "nmcli.py"
        speaks = Path(__file__).with_name("fake_nmcli.py").read_text("utf-8")
        self._program.write_text(f"#!{sys.executable}\n{speaks}", "utf-8")
        self._program.chmod(0o755)
        state = {"radios": radios, "used": "", "networks": NETWORKS, "connections": {}, "calls": []}
        self._program.with_suffix(".json").write_text(json.dumps(state))
        self.wifi = Wifi(str(self._program))

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self._program.with_suffix(".json").read_text())
        return state


@pytest.fixture
def radio(tmp_path: Path) -> Radio:
    return Radio(tmp_path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("*:a:70:WPA2", ["*", "a", "70", "WPA2"]),
        (r" :a\:b\\c:7:", [" ", r"a:b\c", "7", ""]),
        ("::", ["", "", ""]),
    ],
)
def test_terse_lines(line: str, found: list[str]) -> None:
    assert fields(line) == found


def test_networks_are_named_once_the_strongest_first(radio: Radio) -> None:
    assert radio.wifi.is_there()
    assert radio.wifi.networks() == [
        Network("教室:5G\\a", 71, secured=True, used=False),
        Network("guest", 55, secured=False, used=False),
    ]


def test_joining_keeps_the_password_out_of_every_argument(radio: Radio) -> None:
    radio.wifi.join("教室:5G\\a", SECRET)
    radio.wifi.join("教室:5G\\a", SECRET)
    assert radio.wifi.networks()[0] == Network("教室:5G\\a", 71, secured=True, used=True)
    assert list(radio.state["connections"]) == ["edge-agent 教室:5G\\a"]
    assert SECRET not in str(radio.state["calls"])
    radio.wifi.join("guest", "")
    assert radio.state["used"] == "guest"


@pytest.mark.parametrize(
    ("ssid", "password", "told"),
    [("教室:5G\\a", "wrong password", "密码不对"), ("elsewhere", SECRET, "搜索不到")],
)
def test_what_can_not_be_joined_is_told_and_forgotten(radio: Radio, ssid: str, password: str, told: str) -> None:
    with pytest.raises(DeviceError, match=told):
        radio.wifi.join(ssid, password)
    assert radio.state["connections"] == {}


def test_a_password_that_is_none_is_not_tried(radio: Radio) -> None:
    with pytest.raises(InputError, match="8 到 63"):
        radio.wifi.join("guest", "short")
    assert radio.state["calls"] == []


@pytest.mark.parametrize("program", ["none", ""])
def test_without_a_radio_or_network_manager_nothing_is_offered(tmp_path: Path, program: str) -> None:
    wifi = Wifi("/nowhere/nmcli") if program else Radio(tmp_path, radios=0).wifi
    assert not wifi.is_there()


def test_the_first_run_offers_it(house: House, radio: Radio) -> None:
    house.site.__dict__["wifi"] = radio.wifi
    with house.client(house.add_account(Role.ADMINISTRATOR)) as client:
        assert "无线网络" in client.get("/setup/steps").text
        told = client.get("/api/v1/system/wifi").json()
        assert [each["ssid"] for each in told["items"]] == ["教室:5G\\a", "guest"]
        wrong = client.put("/api/v1/system/wifi", json={"ssid": "guest", "password": "no such password"})
        assert (wrong.status_code, "密码" in wrong.json()["detail"]) == (502, True)
        assert client.put("/api/v1/system/wifi", json={"ssid": "guest", "password": ""}).status_code == 200
        house.site.__dict__["wifi"] = Wifi("/nowhere/nmcli")
        assert "无线网络" not in client.get("/setup/steps").text
        assert client.get("/api/v1/system/wifi").json() == {"available": False, "items": []}
        assert client.put("/api/v1/system/wifi", json={"ssid": "guest"}).status_code == 404
