"""A stand-in for picamera2 on machines without a CSI camera: its documented interface, a drawn picture, real H.264.

Only what its manual documents is here, and what it would refuse is refused.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from typing import Any

import av
import numpy as np

from .encoders import H264Encoder
from .outputs import PyavOutput


class Picamera2:
    def __init__(self, camera_num: int = 0) -> None:
        if camera_num != 0:
            raise IndexError("list index out of range")  # what it says where there is no such camera
        # A camera has one owner; a test that wants to see it names the file that stands for it.
        if device := os.environ.get("FAKE_CSI_DEVICE"):
            self._device = os.open(device, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._device, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RuntimeError("Failed to acquire camera: Device or resource busy") from None
        self._configuration: dict[str, Any] = {}
        self._encoders: list[tuple[H264Encoder, PyavOutput, str]] = []
        self._running = threading.Event()

    def create_video_configuration(
        self, main: dict[str, Any] | None = None, lores: dict[str, Any] | None = None, *, controls: dict[str, Any]
    ) -> dict[str, Any]:
        return {"main": main or {"size": (1280, 720)}, "lores": lores, "controls": controls}

    def configure(self, camera_config: dict[str, Any]) -> None:
        main, lores = camera_config["main"]["size"], (camera_config["lores"] or {"size": (0, 0)})["size"]
        if lores[0] > main[0] or lores[1] > main[1]:
            raise RuntimeError("lores stream dimensions may not exceed main stream")
        self._configuration = camera_config

    def start_encoder(self, encoder: H264Encoder, output: PyavOutput, *, name: str) -> None:
        if self._configuration.get(name) is None:
            raise RuntimeError(f"stream {name} is not configured")
        self._encoders.append((encoder, output, name))

    def start(self) -> None:
        fps = self._configuration["controls"]["FrameRate"]
        for encoder, output, name in self._encoders:
            width, height = self._configuration[name]["size"]
            encoder.open(width, height, fps)
            output.start(encoder)
        self._running.set()
        threading.Thread(target=self._work, args=(fps,), daemon=True).start()

    def stop(self) -> None:
        self._running.clear()

    def _work(self, fps: int) -> None:
        number = 0
        while self._running.is_set():
            for encoder, output, _ in self._encoders:
                picture = np.full((encoder.height, encoder.width, 3), number % 256, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
                for packet in encoder.encode(frame, number):
                    output.outputframe(packet)
            number += 1
            time.sleep(1 / fps)
