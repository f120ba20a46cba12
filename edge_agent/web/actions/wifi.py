r"""无线网络: what is in reach, and joining it, through NetworkManager's `nmcli` as its manual describes it.

Its terse output (`-t`) is made for programs: fields between colons, `\:` and `\\` for those letters themselves, no
translation. The password never stands in an argument, where every process of the device could read it: it is handed
over as the manual's `passwd-file`, which is our pipe, and NetworkManager keeps it with the connection.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from edge_agent.errors import DeviceError, InputError

_PATIENCE = 30  # seconds for association and an address
_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")
_WHY = {
    3: "in time (连接超时)",
    4: "with this password or signal (密码不对或信号太弱)",
    8: "because NetworkManager does not run (NetworkManager 未运行)",
    10: "because it is out of reach (搜索不到该网络)",
}
"""nmcli's documented exit codes."""


@dataclass(frozen=True, slots=True)
class Network:
    """`signal` in per cent; `used` is the one that the device is connected to."""

    ssid: str
    signal: int
    secured: bool
    used: bool


class Wifi:
    """`program` is nmcli, or what speaks like it."""

    def __init__(self, program: str = "nmcli") -> None:
        self._program = program

    def is_there(self) -> bool:
        """Say whether NetworkManager runs and has a radio: where it hasn't, pages don't speak of it."""
        try:
            told = self._tell("-f", "TYPE,STATE", "device")
        except (DeviceError, OSError):
            return False
        return any(kind == "wifi" and state != "unmanaged" for kind, state in map(fields, told))

    def networks(self) -> list[Network]:
        """Give the networks in reach, the strongest first, each once; hidden ones have no name to choose."""
        found: dict[str, Network] = {}
        for line in self._tell("-f", "IN-USE,SSID,SIGNAL,SECURITY", "device", "wifi", "list"):
            used, ssid, signal, security = fields(line)
            seen = Network(ssid, int(signal or 0), security not in {"", "--"}, used == "*")
            known = found.get(ssid)
            if ssid and (known is None or (seen.used, seen.signal) > (known.used, known.signal)):
                found[ssid] = seen
        return sorted(found.values(), key=lambda each: (not each.used, -each.signal, each.ssid))

    def join(self, ssid: str, password: str) -> None:
        """Connect, after a restart too. Raises `InputError` for what can't be a password, else `DeviceError`."""
        if password and not 8 <= len(password.encode()) <= 63:  # noqa: PLR2004 - WPA's own bounds
            raise InputError("password: 8 to 63 characters (无线密码为 8 到 63 位).")
        name = f"edge-agent {ssid}"
        secured = ("wifi-sec.key-mgmt", "wpa-psk") if password else ()
        self._run("connection", "delete", "id", name, may_fail=True)
        self._run("connection", "add", "type", "wifi", "con-name", name, "ssid", ssid, *secured)
        try:
            self._run(
                *("--wait", str(_PATIENCE), "connection", "up", "id", name, "passwd-file", "/dev/stdin"),
                given=f"802-11-wireless-security.psk:{password}\n" if password else "",
                what=ssid,
            )
        except DeviceError:
            self._run("connection", "delete", "id", name, may_fail=True)  # else it would try the wrong one for ever
            raise

    def _tell(self, *args: str) -> list[str]:
        return [line for line in self._run("-t", *args).split("\n") if line]

    def _run(self, *args: str, given: str = "", what: str = "nmcli", may_fail: bool = False) -> str:
        done = subprocess.run(  # noqa: S603 - our own program, and names as arguments of their own
            [self._program, *args],
            input=given,
            capture_output=True,
            text=True,
            timeout=2 * _PATIENCE,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        if done.returncode and not may_fail:
            why = _WHY.get(done.returncode, f"({done.stderr.strip()[:200] or done.returncode}；无线网络设置失败)")
            raise DeviceError(f"{what}: not connected {why}.", do="Check name and password (请核对网络名称和密码).")
        return done.stdout


def fields(line: str) -> list[str]:
    """Split a line of terse output."""
    found = [re.sub(r"\\(.)", r"\1", match) for match in _FIELD.findall(line)]
    return found if line.endswith(":") else found[:-1]
