"""The last keyframe of a stream, kept encoded and decoded only when somebody wants a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from edge_agent.errors import DeviceError

Picture = NDArray[np.uint8]  # height x width x 3, blue first, as OpenCV has it


@dataclass(frozen=True, slots=True)
class Keyframe:
    """`at` is its arrival on the boot clock; `extradata` bears the parameter sets where the packet does not."""

    codec: str
    extradata: bytes
    packet: Packet[Stream]
    at: float

    def frame(self) -> VideoFrame:
        """Decode it; raises `DeviceError` where it is damaged."""
        decoder = cast("VideoCodecContext", av.CodecContext.create(self.codec, "r"))
        decoder.thread_count = 1
        if self.extradata:
            decoder.extradata = self.extradata
        try:
            frames = [*decoder.decode(self.packet), *decoder.decode(None)]
        except FFmpegError as error:
            raise DeviceError(f"keyframe does not decode ({error.strerror})") from error
        if not frames or frames[0].is_corrupt:
            raise DeviceError("keyframe does not decode")
        return frames[0]

    def picture(self) -> Picture:
        return cast("Picture", self.frame().to_ndarray(format="bgr24"))
