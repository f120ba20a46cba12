"""What an operator wants bound."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Wish:
    """What to bind: by `serial` and `code`, by `host`, by `rtsp` address, a `usb` device or a `csi` camera's number.

    `host` may bear a port. `channel` chooses one of a recorder's, -1 takes all of them.
    """

    room: str
    name: str = ""
    serial: str = ""
    code: str = field(default="", repr=False)
    host: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    rtsp: str = field(default="", repr=False)
    sub: str = field(default="", repr=False)
    usb: str = ""
    csi: int | None = None
    channel: int = 0
    audio: bool = False
    search: tuple[str, ...] = ()
