"""A stand-in for nmcli as its manual describes it: terse output, exit codes, `passwd-file`; its state is beside it."""

import json
import sys
from pathlib import Path

STATE = Path(__file__).with_suffix(".json")
state = json.loads(STATE.read_text())
args = [arg for arg in sys.argv[1:] if arg != "-t"]
state["calls"].append(sys.argv[1:])
code = 0


def told(*fields: str) -> None:
    sys.stdout.write(":".join(fields) + "\n")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


if args[:2] == ["--wait", "30"]:
    args = args[2:]
if args == ["-f", "TYPE,STATE", "device"]:
    told("ethernet", "connected")
    for _ in range(state["radios"]):
        told("wifi", "disconnected")
elif args == ["-f", "IN-USE,SSID,SIGNAL,SECURITY", "device", "wifi", "list"]:
    for ssid, signal, security, _ in state["networks"]:
        told("*" if ssid == state["used"] else " ", escaped(ssid), str(signal), security)
elif args[:3] == ["connection", "delete", "id"]:
    code = 0 if state["connections"].pop(args[3], None) else 10
elif args[:5] == ["connection", "add", "type", "wifi", "con-name"] and args[6] == "ssid":
    state["connections"][args[5]] = {"ssid": args[7], "rest": args[8:]}
elif args[:3] == ["connection", "up", "id"] and args[4] == "passwd-file":
    ssid = state["connections"][args[3]]["ssid"]
    given = Path(args[5]).read_text().strip().removeprefix("802-11-wireless-security.psk:")
    known = {name: password for name, _, _, password in state["networks"]}
    if ssid not in known:
        code = 10
    elif known[ssid] != given:
        code = 4
    else:
        state["used"] = ssid
else:
    sys.stderr.write(f"Error: argument '{args}' not understood.\n")
    code = 2
STATE.write_text(json.dumps(state))
sys.exit(code)
