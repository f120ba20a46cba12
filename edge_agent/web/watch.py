"""Reads live video from the socket on which `capture` shows cameras: the server's own eyes, without a browser."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator
from pathlib import Path
from typing import Literal

from edge_agent.errors import DeviceError

PATIENCE = 8.0  # seconds: a camera that is opened for the picture sends its first keyframe within four
HEADER, FRAGMENT, JPEG, ERROR = b"i", b"f", b"j", b"e"
_HEAD = 5  # one byte of kind, four of length


def watch(
    path: Path, camera: str, form: Literal["fragments", "jpeg"] = "fragments"
) -> Generator[tuple[bytes, bytes], None, None]:
    """Give kind and body of each message until closed.

    Raises `DeviceError` where `capture` does not run, the camera shows nothing, or the line ends.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(PATIENCE)
            line.connect(str(path))
            line.sendall(json.dumps({"camera": camera, "stream": "sub", "as": form}).encode() + b"\n")
            with line.makefile("rb") as stream:
                while len(head := stream.read(_HEAD)) == _HEAD:
                    body = stream.read(int.from_bytes(head[1:], "big"))
                    if head[:1] == ERROR:
                        raise DeviceError(json.loads(body)["cause"], do="Test the camera (请检测设备).")
                    yield head[:1], body
    except OSError as error:
        raise DeviceError(
            f"{camera}: no live picture ({error.strerror or 'no answer'}; 没有实时画面).",
            do="See whether the capture service runs, then test the camera.",
        ) from error
    raise DeviceError(f"{camera}: no live picture (没有实时画面).", do="Test the camera.")


def is_answered(path: Path) -> bool:
    """Say whether `capture` runs and shows cameras at all."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(PATIENCE)
        try:
            line.connect(str(path))
        except OSError:
            return False
    return True
