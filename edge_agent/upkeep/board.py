"""Which board this data folder has lived on: a card that moved into another device is said, not taken for granted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from edge_agent.durable import replace_file

NOTE = "board.json"


@dataclass(frozen=True, slots=True)
class Boards:
    """The serial numbers of the board on which the folder was made, and of the one that it runs on."""

    noted: str
    present: str


def serial(root: Path = Path("/")) -> str:
    """Give the board's serial number from the device tree; empty where there is none, as on a PC."""
    try:
        return (root / "proc/device-tree/serial-number").read_text("ascii").strip("\0\n ")
    except (OSError, ValueError):
        return ""


def note_board(data_dir: Path, root: Path = Path("/")) -> None:
    """Write down where the folder lives, unless it says so already."""
    present = serial(root)
    if present and read_boards(data_dir, root) is None:
        replace_file(data_dir / NOTE, json.dumps({"serial": present}).encode())


def read_boards(data_dir: Path, root: Path = Path("/")) -> Boards | None:
    """Give both; None where one is not known."""
    try:
        noted = str(json.loads((data_dir / NOTE).read_text())["serial"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    present = serial(root)
    return Boards(noted, present) if present else None
