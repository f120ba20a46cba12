"""One picture of now from a camera, by the socket through which `capture` shows cameras live."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from edge_agent.errors import DeviceError

PATIENCE = 8.0  # seconds: a camera that is opened for the picture sends its first keyframe within four
_JPEG, _ERROR = b"j", b"e"
_HEADER = 5


def live_picture(path: Path, camera: str) -> bytes:
    """Give a JPEG. Raises `DeviceError` where `capture` does not run, or the camera shows nothing."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(PATIENCE)
            line.connect(str(path))
            line.sendall(json.dumps({"camera": camera, "stream": "sub", "as": "jpeg"}).encode() + b"\n")
            with line.makefile("rb") as stream:
                while len(header := stream.read(_HEADER)) == _HEADER:
                    body = stream.read(int.from_bytes(header[1:], "big"))
                    if header[:1] == _JPEG:
                        return body
                    if header[:1] == _ERROR:
                        raise DeviceError(json.loads(body)["cause"], do="Test the camera (请检测设备).")
    except OSError as error:
        raise DeviceError(
            f"{camera}: no live picture ({error.strerror or 'no answer'}; 没有实时画面).",
            do="See whether the capture service runs, then test the camera.",
        ) from error
    raise DeviceError(f"{camera}: no live picture (没有实时画面).", do="Test the camera.")
