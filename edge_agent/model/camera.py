"""Cameras as they are bound to a room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CameraKind(StrEnum):
    ONVIF = "onvif"
    RTSP = "rtsp"
    USB = "usb"
    CSI = "csi"


class CameraState(StrEnum):
    """`unknown` until heard; a camera that is not heard for 10 s is `offline`, never "last seen fine"."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    REFUSED = "refused"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Camera:
    """A bound camera. Addresses bear no password; `secret` is the name of its encrypted credentials.

    `main` is recorded, `sub` is shown live and recorded when space runs out, `snapshot` may be empty. `revision` counts
    its changes, so that two windows that edit one camera can't overwrite each other.
    """

    id: str
    name: str
    kind: CameraKind
    room: str
    main: str
    sub: str = ""
    snapshot: str = ""
    host: str = ""
    serial: str = ""
    endpoint: str = ""
    channel: str = ""
    maker: str = ""
    model: str = ""
    codec: str = ""
    secret: str = ""
    audio: bool = False
    active: bool = True
    revision: int = 1
