from __future__ import annotations

from collections.abc import Callable

import av
from av.container import OutputContainer

from .encoders import H264Encoder


class PyavOutput:
    def __init__(self, output_name: str, format: str | None = None) -> None:  # noqa: A002 - theirs
        self._name, self._format = output_name, format
        self._container: OutputContainer | None = None
        self.error_callback: Callable[[Exception], None] | None = None

    def start(self, encoder: H264Encoder) -> None:
        self._container = av.open(self._name, "w", format=self._format)
        self._stream = self._container.add_stream("libx264")
        self._stream.width, self._stream.height = encoder.width, encoder.height
        self._stream.time_base = encoder.context.time_base

    def outputframe(self, packet: av.Packet[av.VideoStream]) -> None:
        if self._container is None:
            return
        packet.stream = self._stream
        try:
            self._container.mux(packet)
        except Exception as error:  # noqa: BLE001 - it hands every error to its callback
            self._container = None
            if self.error_callback:
                self.error_callback(error)
