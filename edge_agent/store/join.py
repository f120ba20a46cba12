"""Makes one plain MP4, which any player opens and seeks at once, of pieces of our segments; nothing is encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from edge_agent.errors import StorageError
from edge_agent.store.piece import Piece


def join(pieces: Sequence[Piece], target: Path, progress: Callable[[int], None] = lambda _: None) -> float:
    """Write `target` and give its length in seconds; `progress` is told the pieces done so far.

    The pieces follow each other without a pause. They must have the codec and size of the first one: `StorageError`
    otherwise, and where one is missing or damaged.
    """
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as output:
        joiner = _Joiner(output)
        for done, piece in enumerate(pieces, start=1):
            try:
                with av.open(str(piece.path)) as segment:
                    joiner.add(segment, piece)
            except (FFmpegError, OSError) as error:
                raise StorageError(
                    f"{piece.path.name}: 文件缺失或损坏 / can't be read ({error.strerror}).",
                    do="请运行 edge-agent fsck --digests。Run: edge-agent fsck --digests",
                ) from error
            progress(done)
    return joiner.length


class _Joiner:
    def __init__(self, output: OutputContainer) -> None:
        self.length = 0.0
        self._output = output
        self._tracks: dict[str, Stream] = {}
        self._shape: tuple[str, int, int] | None = None

    def add(self, segment: InputContainer, piece: Piece) -> None:
        video = segment.streams.video[0]
        shape = (video.codec_context.name, video.codec_context.width, video.codec_context.height)
        if self._shape is None:
            self._shape = shape
            self._begin(segment)
        elif shape != self._shape:
            raise StorageError(
                f"{piece.path.name}: 画面规格与前面不同 / another picture ({shape}) than before ({self._shape}).",
                do="请分段下载。Download the pieces one by one.",
            )
        if piece.start:
            segment.seek(round(piece.start * av.time_base), backward=True, any_frame=False)
        first: float | None = None
        end = 0.0
        for packet in self._packets(segment):
            time_base = float(packet.time_base)
            at, shown = (packet.dts or 0) * time_base, (packet.pts or 0) * time_base
            if first is None:
                first = at
            if packet.stream is video and shown >= piece.end:
                break
            shift = round((self.length - first) / time_base)
            packet.dts, packet.pts = (packet.dts or 0) + shift, (packet.pts or 0) + shift
            end = max(end, at - first + (packet.duration or 0) * time_base)
            packet.stream = self._tracks[packet.stream.type]
            self._output.mux_one(packet)
        self.length += end

    def _begin(self, segment: InputContainer) -> None:
        for stream in (*segment.streams.video[:1], *segment.streams.audio[:1]):
            track = self._output.add_stream_from_template(stream)
            if stream.codec_context.name == "hevc":
                track.codec_context.codec_tag = "hvc1"
            self._tracks[stream.type] = track

    def _packets(self, segment: InputContainer) -> Iterator[Packet[Stream]]:
        wanted = [stream for stream in segment.streams if stream.type in self._tracks]
        return (packet for packet in segment.demux(wanted) if packet.size)
