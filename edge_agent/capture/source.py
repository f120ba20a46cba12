"""Where packets come from. Kinds other than RTSP come from `cameras` and meet the same interface."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import av
from av.container import InputContainer

OPEN_SECONDS = 5.0
READ_SECONDS = 4.0  # a frozen server raises after twice that: below the watchdog's 10 s

# analyzeduration: 0.2 s to open instead of 1 to 2; with 0 the size is unknown. No fflags=nobuffer: it throws the probed
# packets away, and the first keyframe with them.
_OPTIONS = {"rtsp_transport": "tcp", "analyzeduration": "300000", "fpsprobesize": "0"}


class Source(Protocol):
    def open(self) -> InputContainer:
        """Connect and read the streams' parameters; raises `av.error.FFmpegError` or `OSError`."""
        ...

    def answers(self) -> bool:
        """Say, within a second and without logging in, whether something is there."""
        ...


@dataclass(frozen=True, slots=True)
class RtspSource:
    """`url` bears the credentials, so it is shown nowhere."""

    url: str = field(repr=False)
    audio: bool = False

    def open(self) -> InputContainer:
        options = dict(_OPTIONS) if self.audio else {**_OPTIONS, "allowed_media_types": "video"}
        return av.open(self.url, options=options, timeout=(OPEN_SECONDS, READ_SECONDS))

    def answers(self) -> bool:
        address = urlsplit(self.url)
        try:
            socket.create_connection((address.hostname, address.port or 554), timeout=0.5).close()
        except (OSError, ValueError):
            return False
        return True
