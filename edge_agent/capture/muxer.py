"""Packets into fragmented MP4, for a segment on the disk and for a live viewer alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import av
from av.packet import Packet
from av.stream import Stream

from edge_agent.capture.reader import Streams
from edge_agent.capture.sound import Sound

# frag_discont and make_zero let time start at 0 for picture and sound alike; max_interleave_delta keeps a silent
# microphone from holding the video back (libavformat would wait for ten seconds).
_OPTIONS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof+frag_discont+use_metadata_tags",
    "flush_packets": "1",
    "avoid_negative_ts": "make_zero",
    "max_interleave_delta": "500000",
}
_BUFFER = 1 << 18  # bytes; half a second at 4 Mbit/s, so that a fragment is one or two calls


class Writable(Protocol):
    def write(self, data: bytes) -> int: ...


class Muxer:
    """Starts with the keyframe that comes first; a fragment is written as soon as it holds `fragment` seconds.

    Raises what `file.write` raises, from any of its methods.
    """

    def __init__(
        self,
        file: Writable,
        streams: Streams,
        sound: Sound | None = None,
        *,
        fragment: float = 0.5,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        options = {**_OPTIONS, "frag_duration": str(round(fragment * 1e6))}
        self._container = av.open(file, "w", format="mp4", options=options, buffer_size=_BUFFER)
        self._container.metadata.update(tags or {})
        self._video = self._container.add_stream_from_template(streams.video)
        context = self._video.codec_context
        shape = streams.shape
        context.width, context.height, context.extradata = shape.width, shape.height, shape.extradata
        if shape.codec == "hevc":
            context.codec_tag = "hvc1"  # with hev1, libavformat's own choice, Safari and Chromium play nothing
        self._sound = sound
        self._audio = sound.add_to(self._container) if sound else None

    def picture(self, packet: Packet[Stream]) -> None:
        packet.stream = self._video
        self._container.mux_one(packet)

    def sound(self, packet: Packet[Stream]) -> None:
        if self._sound and self._audio:
            for encoded in self._sound.encode(packet):
                encoded.stream = self._audio
                self._container.mux_one(encoded)

    def close(self) -> None:
        """Write the last fragment."""
        self._container.close()
