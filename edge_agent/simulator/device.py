"""What a virtual camera is, as its RTSP, ONVIF and discovery faces see it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from edge_agent.simulator.accounts import Accounts
from edge_agent.simulator.faults import Fault, FaultBoard
from edge_agent.simulator.loop import Loop

OnvifLogin = Literal["token", "digest"]  # WS-UsernameToken, or HTTP digest instead

FOREIGN_HOST = "203.0.113.77"  # reserved for documentation: nobody answers there


@dataclass(slots=True)
class Profile:
    """A stream: its RTSP path is `/{source}/{name}`; an NVR has a `source` for each channel."""

    source: str
    name: str
    loop: Loop

    @property
    def token(self) -> str:
        return f"{self.source}_{self.name}"

    @property
    def path(self) -> str:
        return f"/{self.source}/{self.name}"


@dataclass(slots=True)
class Device:
    serial: str
    host: str
    accounts: Accounts
    board: FaultBoard
    profiles: list[Profile]
    manufacturer: str = "Virtual"
    model: str = "VC-1"
    firmware: str = "1.0"
    audio: bool = False
    onvif_login: OnvifLogin = "token"
    media2: bool = True
    tells_serial: bool = True  # before any login, as many consumer cameras do against the specification
    http_port: int = 0
    rtsp_port: int = 0
    clock_offset: float = 0.0
    endpoint: uuid.UUID = field(init=False)

    def __post_init__(self) -> None:
        # As the specification asks: the same device keeps its endpoint reference over restarts and address changes.
        self.endpoint = uuid.uuid5(uuid.NAMESPACE_URL, f"virtual-camera:{self.serial}")

    def wall(self) -> float:
        """The camera's clock, seconds since 1970: right unless it was set, or a fault skews it."""
        return (
            time.time()
            + self.clock_offset
            + float(self.board.option(Fault.CLOCK_SKEW, "offset", default=8 * 3600, idle=0))
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), UTC)

    def told_serial(self) -> str:
        return str(self.board.option(Fault.OTHER_SERIAL, "serial", default=f"{self.serial}X", idle=self.serial))

    def told_host(self) -> str:
        return FOREIGN_HOST if self.board.active(Fault.FOREIGN_ADDRESS) else self.host

    def profile(self, path: str) -> Profile | None:
        return next((p for p in self.profiles if path == p.path), None)

    def by_token(self, token: str) -> Profile | None:
        return next((p for p in self.profiles if token == p.token), None)

    def jpeg(self, profile: Profile) -> bytes:
        """The picture that the stream shows now, to the beginning of its GOP."""
        loop = profile.loop
        return loop.jpegs[int(self.wall() / loop.spec.gop) % len(loop.jpegs)]
