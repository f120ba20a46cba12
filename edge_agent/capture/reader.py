"""One connection's packets: put on a time axis, watched for keyframes and changes, handed to consumers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from edge_agent.capture.causes import Cause, StreamError
from edge_agent.capture.keyframe import Keyframe
from edge_agent.capture.parameters import parameter_sets
from edge_agent.capture.timeline import Timeline

CODECS = ("h264", "hevc")  # what browsers, or their machines, decode; MJPEG would fill the disk
SILENCE = 10.0  # seconds without video after which a camera is offline
KEYFRAME_WAIT = 30.0  # seconds; "smart" codecs stretch a GOP to 10 s and more


@dataclass(frozen=True, slots=True)
class Shape:
    """How the picture is coded: `h264` or `hevc`, its size, its parameter sets."""

    codec: str
    width: int
    height: int
    extradata: bytes


@dataclass(frozen=True, slots=True)
class Streams:
    """What is being received. The streams die with their connection; the shape may be kept."""

    video: VideoStream
    audio: AudioStream | None
    shape: Shape


class Consumer(Protocol):
    def begin(self, streams: Streams) -> None:
        """A connection; again where the picture's shape or the camera's clock changed. A keyframe comes next."""
        ...

    def picture(self, packet: Packet[Stream], at: float) -> None:
        """Take the next packet in order of dts; `at` is its arrival on the boot clock."""
        ...

    def sound(self, packet: Packet[Stream], at: float) -> None: ...

    def end(self, cause: Cause) -> None:
        """The connection ended, or the consumer was removed. May come from another thread than the packets."""
        ...


class Reader:
    """Reads `container` and passes on to `consumers()`, each from the first keyframe after it joined.

    Raises `StreamError` where the stream can't be recorded.
    """

    def __init__(
        self,
        container: InputContainer,
        consumers: Callable[[], tuple[Consumer, ...]],
        boottime: Callable[[], float],
    ) -> None:
        video = next(iter(container.streams.video), None)
        if video is None:
            raise StreamError(Cause.NO_VIDEO)
        if video.codec_context.name not in CODECS:
            raise StreamError(Cause.CODEC)
        self.keyframe: Keyframe | None = None
        self.begun: tuple[Consumer, ...] = ()
        self._container = container
        self._consumers = consumers
        self._boottime = boottime
        self._video = video
        self._audio = next(iter(container.streams.audio), None)
        self._timeline = Timeline(video.time_base or _RTP, video.guessed_rate)
        self._streams: Streams | None = None
        self._sets = b""
        self._jumps = 0

    def read(self, heard: Callable[[float], bool]) -> None:
        """Read until the camera ends the stream, or `heard(arrival)`, called for each packet, says no."""
        audio, index, boottime = self._audio, self._video.index, self._boottime
        sound = Timeline(audio.time_base or _RTP, None) if audio else None
        began = seen = boottime()
        for packet in self._container.demux([self._video, audio] if audio else [self._video]):
            if not packet.size:  # the demuxer's farewell at the end of a stream, or a camera's empty frame
                continue
            at = boottime()
            if packet.stream_index == index:
                seen = at
                self._pass_video(packet, at)
            elif sound and self._streams:
                for placed in sound.place(packet, at):
                    for consumer in self.begun:
                        consumer.sound(placed, at)
                if at - seen > SILENCE:
                    raise StreamError(Cause.FROZEN)
            if at - (self.keyframe.at if self.keyframe else began) > KEYFRAME_WAIT:
                raise StreamError(Cause.NO_KEYFRAME)  # a connection begins with one; without, a segment would not end
            if not heard(at):
                return

    @property
    def next_due(self) -> float:
        """When, on the boot clock, the next picture can be here at the earliest."""
        return self._timeline.next_due

    def _pass_video(self, packet: Packet[Stream], at: float) -> None:
        for placed in self._timeline.place(packet, at):
            if placed.is_keyframe:
                at = self._timeline.sent
                self._pass_keyframe(placed, at)
            for consumer in self.begun:
                consumer.picture(placed, at)

    def _pass_keyframe(self, packet: Packet[Stream], at: float) -> None:
        sets = parameter_sets(self._video.codec_context.name, memoryview(packet))
        if self._streams is None or (sets and sets != self._sets):
            self._sets = sets or self._sets
            self._streams = Streams(self._video, self._audio, _shape(self._video, packet, sets))
            self.begun = ()
        elif self._jumps != self._timeline.jumps:
            self.begun = ()
        self._jumps = self._timeline.jumps
        shape = self._streams.shape
        self.keyframe = Keyframe(shape.codec, shape.extradata, packet, at)
        consumers = self._consumers()
        for consumer in consumers:
            if consumer not in self.begun:
                consumer.begin(self._streams)
        self.begun = consumers


def _shape(video: VideoStream, keyframe: Packet[Stream], sets: bytes) -> Shape:
    """Tell what the keyframe shows. The session's description holds until a keyframe says otherwise."""
    context = video.codec_context
    described = context.extradata or b""
    width, height = context.width, context.height
    if not width or (sets and sets != parameter_sets(context.name, described)):
        frame = Keyframe(context.name, sets or described, keyframe, 0.0).frame()
        width, height = frame.width, frame.height
    return Shape(context.name, width, height, sets or described)


_RTP = Fraction(1, 90_000)
