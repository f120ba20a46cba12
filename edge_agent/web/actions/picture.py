"""One picture of now from a camera, by the socket through which `capture` shows cameras live."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from edge_agent.errors import DeviceError
from edge_agent.web.watch import JPEG, watch


def live_picture(path: Path, camera: str) -> bytes:
    """Give a JPEG. Raises `DeviceError` where `capture` does not run, or the camera shows nothing."""
    with closing(watch(path, camera, "jpeg")) as messages:
        for kind, body in messages:
            if kind == JPEG:
                return body
    raise DeviceError(f"{camera}: no live picture (没有实时画面).", do="Test the camera.")
