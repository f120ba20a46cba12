"""Opens a bound camera, of whatever kind, as one thing: a container whose packets can be read."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

import av
from av.container import InputContainer

from edge_agent.cameras.address import RTSP_PORT, Login, with_login
from edge_agent.cameras.child import ChildCamera, Stream
from edge_agent.cameras.guard import LoginGuard
from edge_agent.model.camera import Camera, CameraKind

OPEN_SECONDS = 5.0
READ_SECONDS = 4.0  # a frozen server raises after twice that
ANSWER_SECONDS = 0.5
SYSTEM_PYTHON = "/usr/bin/python3"  # picamera2 is apt's, with a numpy of its own

# MEASURED: analyzeduration 0.3 s opens in 0.2 s where the default takes 1 to 2; with 0 the size is unknown; nobuffer
# throws the first keyframe away.
_RTSP = {"rtsp_transport": "tcp", "analyzeduration": "300000", "fpsprobesize": "0"}
_CHILD = {"analyzeduration": "2000000", "fpsprobesize": "0"}  # its parameter sets come once a second


class Source(Protocol):
    def open(self) -> InputContainer:
        """Connect and read the streams' parameters; raises `av.error.FFmpegError` or `OSError`."""
        ...

    def answers(self) -> bool:
        """Say, within a second and without logging in, whether something is there."""
        ...


@dataclass(frozen=True, slots=True)
class RtspSource:
    """`url` bears the credentials, so it is shown nowhere; `guard` keeps refused ones from being tried again."""

    url: str = field(repr=False)
    audio: bool = False
    guard: LoginGuard | None = None

    def open(self) -> InputContainer:
        options = dict(_RTSP) if self.audio else {**_RTSP, "allowed_media_types": "video"}
        with self.guard.trying(self.url) if self.guard else nullcontext():
            return av.open(self.url, options=options, timeout=(OPEN_SECONDS, READ_SECONDS))

    def answers(self) -> bool:
        address = urlsplit(self.url)
        try:
            socket.create_connection((address.hostname, address.port or RTSP_PORT), timeout=ANSWER_SECONDS).close()
        except (OSError, ValueError):
            if self.guard is not None:
                self.guard.forget(self.url)
            return False
        return True


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A USB or CSI camera; both of its streams come from the one child that may hold the device."""

    child: ChildCamera
    stream: Stream
    device: Path | None = None

    def open(self) -> InputContainer:
        return av.open(self.child.tap(self.stream, patience=READ_SECONDS), "r", format="mpegts", options=_CHILD)

    def answers(self) -> bool:
        return self.device is None or self.device.exists()


class Sources:
    """One for each process: a local camera has one owner. `login_of` gives what an RTSP camera wants to hear."""

    def __init__(
        self,
        login_of: Callable[[Camera], Login | None],
        *,
        csi_python: str = SYSTEM_PYTHON,
        guard: LoginGuard | None = None,
    ) -> None:
        self._login_of = login_of
        self._guard = guard
        self._csi_python = csi_python
        self._children: dict[str, ChildCamera] = {}
        self._lock = threading.Lock()

    def of(self, camera: Camera, stream: Stream = "main") -> Source:
        """A camera without a substream gives its main stream for both."""
        url = camera.sub or camera.main if stream == "sub" else camera.main
        if camera.kind in {CameraKind.ONVIF, CameraKind.RTSP}:
            return RtspSource(with_login(url, self._login_of(camera)), audio=camera.audio, guard=self._guard)
        with self._lock:
            child = self._children.setdefault(camera.main, ChildCamera(local_command(camera.main, self._csi_python)))
        device = Path(urlsplit(camera.main).path) if camera.kind is CameraKind.USB else None
        return LocalSource(child, stream, device)

    def close(self) -> None:
        """End the children; their readers see the end of the stream."""
        with self._lock:
            for child in self._children.values():
                child.close()
            self._children.clear()


def local_command(url: str, csi_python: str = SYSTEM_PYTHON) -> list[str]:
    """The child for `usb:/dev/video0?size=1280x720&fps=15&kbps=2000` or `csi:0?...`."""
    parts = urlsplit(url)
    options = [f"--{name}={values[-1]}" for name, values in parse_qs(parts.query).items()]
    if parts.scheme == "csi":
        script = Path(__file__).with_name("csi_child.py")
        # -P: the names of our modules, beside the script, must not hide the distribution's.
        return [csi_python, "-P", str(script), f"--index={parts.path}", *options]
    return [sys.executable, "-m", "edge_agent.cameras.usb_child", f"--device={parts.path}", *options]
