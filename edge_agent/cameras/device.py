"""A device as it describes itself: its serial number, its channels, and which streams are worth having."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

MIN_SERIAL_MATCH = 6  # characters; a shorter tail could be anybody's


@dataclass(frozen=True, slots=True)
class Profile:
    """A stream that a device offers; `codec` is h264, h265 or empty where the device does not say."""

    token: str
    name: str
    source: str
    codec: str
    width: int
    height: int
    fps: float = 0.0
    kbps: int = 0
    uri: str = ""
    snapshot: str = ""

    @property
    def area(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Channel:
    """One picture source of a device: a camera has one, a recorder (NVR) many. `number` counts from 1."""

    number: int
    source: str
    main: Profile
    sub: Profile | None


@dataclass(frozen=True, slots=True)
class Device:
    """`serial` is empty where a device tells none, or its own address; `skew` is its clock minus ours, in seconds,
    as it was before it was set right.
    """

    host: str
    port: int
    xaddr: str
    maker: str
    model: str
    firmware: str
    serial: str
    skew: float | None
    clock_set: bool
    channels: tuple[Channel, ...]


def same_serial(reported: str, label: str) -> bool:
    """Whether a reported serial number is the label's, or ends in it: some makers put model and date before it."""
    ours, theirs = _bare(label), _bare(reported)
    return bool(ours) and (theirs == ours or (len(ours) >= MIN_SERIAL_MATCH and theirs.endswith(ours)))


def codec_of(encoding: str) -> str | None:
    """Our name of an ONVIF encoding; empty where the device names none, None for one that is not recorded."""
    return {"h264": "h264", "h265": "h265", "hevc": "h265", "": ""}.get(encoding.lower())


def _bare(serial: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", serial.upper())


def plausible_serial(text: str) -> str:
    """The serial number, or nothing: some devices report their own address in its place (MEASURED)."""
    text = text.strip()
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text if _bare(text) else ""
    return ""


def channels(profiles: Iterable[Profile]) -> tuple[Channel, ...]:
    """Groups profiles by their picture source, in the device's own order, and picks what to record and to show."""
    sources: dict[str, list[Profile]] = {}
    for profile in profiles:
        sources.setdefault(profile.source, []).append(profile)
    return tuple(
        Channel(number, source, *_pick(offered)) for number, (source, offered) in enumerate(sources.items(), start=1)
    )


def _pick(offered: list[Profile]) -> tuple[Profile, Profile | None]:
    """Main for recording, sub for live. H.264 plays in every browser, so it wins, unless it is only a small picture."""
    largest = max(offered, key=lambda profile: profile.area)
    playable = [profile for profile in offered if profile.codec == "h264" and 2 * profile.area >= largest.area]
    main = max(playable, key=lambda profile: profile.area) if playable else largest
    smaller = [profile for profile in offered if profile.area < main.area]
    sub = min(smaller, key=lambda profile: (profile.codec != "h264", profile.area), default=None)
    return main, sub
