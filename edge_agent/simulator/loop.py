"""A stream's picture, encoded once: a loop of closed GOPs that is replayed for ever."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal

import av
import cv2
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from edge_agent.errors import InputError
from edge_agent.simulator import picture, rtp
from edge_agent.simulator.picture import Image

CHINA = timezone(timedelta(hours=8))
Codec = Literal["h264", "h265"]


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One profile of a camera. `gop` and `seconds` are in seconds; the loop is a whole number of GOPs."""

    codec: Codec = "h264"
    width: int = 640
    height: int = 360
    fps: int = 10
    gop: int = 1
    kbps: int = 400
    bframes: int = 0
    seconds: int = 10
    scene: str = "classroom"
    label: str = ""
    video: Path | None = None
    noise: int = 0

    def __post_init__(self) -> None:
        if self.seconds % self.gop:
            raise InputError(f"gop={self.gop}: a loop of {self.seconds} s is not a whole number of GOPs.")
        if self.scene not in picture.SCENES:
            raise InputError(f"scene={self.scene}: unknown.", do=f"Use one of {', '.join(picture.SCENES)}.")
        if self.video is not None and not self.video.is_file():
            raise InputError(f"video={self.video}: no such file.")


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture in decode order, cut into RTP payloads. `pts` counts frames from the loop's start."""

    pts: int
    key: bool
    payloads: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`jpegs[i]` is the picture that GOP `i` begins with."""

    spec: StreamSpec
    units: tuple[AccessUnit, ...]
    parameter_sets: tuple[bytes, ...]
    jpegs: tuple[bytes, ...]

    @property
    def gop_frames(self) -> int:
        return self.spec.gop * self.spec.fps


@functools.lru_cache(maxsize=64)
def encode(spec: StreamSpec) -> Loop:
    """Equal specs share one loop, so a row of equal cameras is encoded once."""
    return _encode(spec, None)


def encode_now(spec: StreamSpec, at: float) -> Loop:
    """The one GOP that begins at `at` (seconds since 1970), with the time of day on the blackboard."""
    return _encode(replace(spec, seconds=spec.gop), at)


def _encode(spec: StreamSpec, at: float | None) -> Loop:
    context = _encoder(spec)
    units: list[AccessUnit] = []
    jpegs: list[bytes] = []
    sets: dict[bytes, None] = {}
    packets: list[av.Packet[av.VideoStream]] = []
    for number, image in enumerate(_frames(spec, at)):
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
        frame.pts = number
        if number % (spec.gop * spec.fps) == 0:
            frame.pict_type = PictureType.I
            jpegs.append(cv2.imencode(".jpg", image)[1].tobytes())
        packets += context.encode(frame)
    packets += context.encode(None)
    for packet in packets:
        nals = rtp.split_annexb(bytes(packet))
        sets.update(dict.fromkeys(nal for nal in nals if rtp.is_parameter_set(spec.codec, nal)))
        payloads = tuple(itertools.chain.from_iterable(rtp.payloads(spec.codec, nal) for nal in nals))
        units.append(AccessUnit(packet.pts or 0, packet.is_keyframe, payloads))
    return Loop(spec, tuple(units), tuple(sets), tuple(jpegs))


def _encoder(spec: StreamSpec) -> VideoCodecContext:
    context = av.CodecContext.create("libx265" if spec.codec == "h265" else "libx264", "w")
    assert isinstance(context, VideoCodecContext)  # noqa: S101 - narrows what PyAV's stub leaves open
    context.width, context.height, context.pix_fmt = spec.width, spec.height, "yuv420p"
    context.framerate = spec.fps  # type: ignore[assignment] # the setter takes an int, PyAV's stub says Fraction
    context.bit_rate = spec.kbps * 1000
    context.thread_type = ThreadType.NONE
    frames = spec.gop * spec.fps
    common = (
        f"keyint={frames}:min-keyint={frames}:scenecut=0:open-gop=0:bframes={spec.bframes}:b-adapt=0:repeat-headers=1"
    )
    if spec.codec == "h265":
        context.options = {"preset": "ultrafast", "x265-params": f"{common}:log-level=none:pools=1:frame-threads=1"}
    else:
        rate = f"vbv-maxrate={spec.kbps}:vbv-bufsize={spec.kbps}"
        context.options = {"preset": "ultrafast", "x264-params": f"{common}:{rate}:threads=2:sliced-threads=0"}
    return context


def _frames(spec: StreamSpec, at: float | None) -> Iterator[Image]:
    source = _drawn(spec, at) if spec.video is None else _filmed(spec, spec.video)
    noise = picture.noise_fields(spec.width, spec.height, spec.noise)
    for number, image in enumerate(itertools.islice(source, spec.seconds * spec.fps)):
        noisy = cv2.add(image, noise[number % len(noise)]).astype("uint8") if noise else image
        if spec.scene in {"classroom", "still"}:
            picture.stamp(noisy, 0 if spec.scene == "still" else number)
        yield noisy


def _drawn(spec: StreamSpec, at: float | None) -> Iterator[Image]:
    """A loop shows its own seconds; only a picture that is encoded as it is shown can show the time of day."""
    still = picture.background(spec.width, spec.height, spec.label, spec.scene)
    for number in itertools.count():
        image = still.copy()
        seconds = number / spec.fps
        if spec.scene == "classroom" and at is None:
            picture.animate(image, seconds, spec.seconds, f":{seconds:04.1f}")
        elif spec.scene == "classroom":
            moment = (at or 0) + seconds
            clock = datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d %H:%M:%S")
            picture.animate(image, moment % 60, 60, clock)
        yield image


def _filmed(spec: StreamSpec, path: Path) -> Iterator[Image]:
    """The file's pictures one after another, whatever its own frame rate, from its beginning again when it ends."""
    while True:
        with av.open(str(path)) as container:
            count = 0
            for count, frame in enumerate(container.decode(video=0), start=1):  # noqa: B007 - counted after the loop
                yield frame.reformat(spec.width, spec.height, "bgr24").to_ndarray().astype("uint8")
            if count == 0:
                raise InputError(f"video={path}: no picture could be decoded.")
