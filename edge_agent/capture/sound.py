"""The microphone, where a room opted in: AAC is copied, anything else (G.711 as a rule) becomes AAC."""

from __future__ import annotations

import os
from collections.abc import Iterable

import av
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream


class Sound:
    """Lives as long as its connection, so that the encoder goes on from segment to segment without a click."""

    def __init__(self, source: AudioStream) -> None:
        self._source = source
        self._copy = source.codec_context.name == "aac"
        self._template = source
        if self._copy:
            return
        rate = source.codec_context.sample_rate or 8000
        self._nowhere = av.open(os.devnull, "w", format="null")  # an encoder needs a container to belong to
        self._template = self._nowhere.add_stream("aac", rate=rate, layout="mono")
        self._template.codec_context.flags |= 1 << 22  # AV_CODEC_FLAG_GLOBAL_HEADER: MP4 keeps the header apart
        self._template.codec_context.bit_rate = 32_000
        self._nowhere.start_encoding()
        self._resampler = AudioResampler(format="fltp", layout="mono", rate=rate)

    def add_to(self, container: OutputContainer) -> AudioStream:
        return container.add_stream_from_template(self._template)

    def encode(self, packet: Packet[Stream]) -> Iterable[Packet[Stream]]:
        """Give AAC packets; none for a packet that does not decode (a click is better than a gap in the picture)."""
        if self._copy:
            return (packet,)
        try:
            frames = self._source.codec_context.decode(packet)
            return [
                encoded
                for frame in frames
                for even in self._resampler.resample(frame)
                for encoded in self._template.encode(even)
            ]
        except FFmpegError:
            return ()
