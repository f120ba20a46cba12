"""The USB cameras that are plugged in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEVICES = Path("/dev/v4l/by-id")  # names that stay when the plug is moved, unlike /dev/video0
CLASS = Path("/sys/class/video4linux")
_PICTURES = "-video-index0"  # further indexes are metadata


@dataclass(frozen=True, slots=True)
class UsbCamera:
    """`serial` is the part of the by-id name that tells it from another of its make."""

    device: str
    name: str
    serial: str


def usb_cameras(devices: Path = DEVICES, class_: Path = CLASS) -> list[UsbCamera]:
    found = []
    for link in sorted(devices.glob(f"usb-*{_PICTURES}")):
        node = link.resolve().name
        label = class_ / node / "name"
        serial = link.name.removeprefix("usb-").removesuffix(_PICTURES)
        found.append(UsbCamera(str(link), label.read_text().strip() if label.exists() else node, serial))
    return found
