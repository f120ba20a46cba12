"""What can go wrong with a camera, on command."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from edge_agent.errors import InputError


class Fault(StrEnum):
    """The names that `VirtualCamera.fault` and `edge-agent simulator camera --fault` take."""

    # the network and the device
    FREEZE = "freeze"  # connections stay, nothing comes any more
    CUT = "cut"  # connections are closed, new ones are served
    REFUSE = "refuse"  # connections are refused
    REBOOT = "reboot"  # cut, refused for `seconds`, then back
    # who may come in
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a fault's name: every password is wrong
    LOCK_OUT = "lock-out"  # the account is locked, the right password is refused too
    # clocks
    CLOCK_SKEW = "clock-skew"  # the camera's clock is off by `offset` seconds
    TIMESTAMP_JUMP = "timestamp-jump"  # RTP time jumps by `offset` seconds, once
    TIMESTAMP_MISSING = "timestamp-missing"  # every packet bears the same RTP time
    # the picture
    B_FRAMES = "b-frames"
    RESOLUTION = "resolution"  # another `width` and `height` in mid-stream
    CODEC = "codec"  # the other codec, announced at the next DESCRIBE
    LONG_GOP = "long-gop"  # a keyframe every 10 s
    NO_KEYFRAME = "no-keyframe"  # never a keyframe: a recorder's first segment would not end
    EMPTY_FRAMES = "empty-frames"  # access units without a byte
    BLACK = "black"
    COVERED = "covered"
    STILL = "still"
    # RTSP
    REDIRECT_LOOP = "redirect-loop"  # DESCRIBE answers with its own address
    SILENT = "silent"  # takes connections and requests, never answers (RTSP and ONVIF)
    # SOAP
    ODD_XML = "odd-xml"  # unusual but valid: prefixes, a byte order mark, blanks, missing optional elements
    XML_BOMB = "xml-bomb"
    TRUNCATED_SOAP = "truncated-soap"
    ENDLESS_SOAP = "endless-soap"
    NOT_SOAP = "not-soap"  # a web page where SOAP is expected
    NO_PROFILES = "no-profiles"
    FOREIGN_ADDRESS = "foreign-address"  # service and stream addresses of another network
    OTHER_SERIAL = "other-serial"  # answers with another camera's `serial`


@dataclass(slots=True)
class FaultBoard:
    """The faults in force. Monotonic time, because a fault's length must not follow a clock that is being stepped."""

    _until: dict[Fault, float] = field(default_factory=dict)
    _options: dict[Fault, Mapping[str, Any]] = field(default_factory=dict)

    def set(self, fault: Fault, seconds: float | None, options: Mapping[str, Any]) -> None:
        self._until[fault] = time.monotonic() + (float("inf") if seconds is None else seconds)
        self._options[fault] = options

    def clear(self, fault: Fault | None = None) -> None:
        for name in list(self._until) if fault is None else [fault]:
            self._until.pop(name, None)
            self._options.pop(name, None)

    def active(self, fault: Fault) -> bool:
        return time.monotonic() < self._until.get(fault, float("-inf"))

    def option(self, fault: Fault, name: str, *, default: Any, idle: Any) -> Any:
        """The option that an active fault was given, or its default; `idle` while the fault is not active."""
        return self._options[fault].get(name, default) if self.active(fault) else idle


def parse(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        raise InputError(f"fault {name}: unknown.", do=f"Use one of: {', '.join(Fault)}.") from None
