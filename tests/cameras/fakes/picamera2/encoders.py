from __future__ import annotations

from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext


class H264Encoder:
    def __init__(self, bitrate: int | None = None, *, repeat: bool = True, iperiod: int | None = None) -> None:
        self._bitrate, self._repeat, self._iperiod = bitrate, repeat, iperiod
        self.width = self.height = 0

    def open(self, width: int, height: int, fps: int) -> None:
        self.width, self.height = width, height
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, fps)
        context.bit_rate = self._bitrate
        context.gop_size = self._iperiod or 250
        headers = "repeat-headers=1" if self._repeat else "repeat-headers=0"
        context.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": headers}
        self.context = context

    def encode(self, frame: av.VideoFrame, number: int) -> list[av.Packet[av.VideoStream]]:
        frame.pts, frame.time_base = number, self.context.time_base
        return self.context.encode(frame)
