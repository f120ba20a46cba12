"""The first picture of a stream: the proof that a camera is bound, and how long it took."""

from __future__ import annotations

import errno
import time
from contextlib import suppress
from dataclasses import dataclass

import av
from av.container import InputContainer

from edge_agent.cameras import sources
from edge_agent.cameras.causes import CameraError, Cause
from edge_agent.cameras.sources import LocalSource, Source

PATIENCE_S = 12.0  # the longest keyframe interval in the field is 10 s
CODECS = {"h264": "h264", "hevc": "h265"}  # as FFmpeg and as we call them

_CAUSES = {
    av.HTTPUnauthorizedError: Cause.UNAUTHORIZED,
    av.HTTPForbiddenError: Cause.LOCKED,
    av.HTTPNotFoundError: Cause.NO_STREAM,
    ConnectionRefusedError: Cause.REFUSED,
    FileNotFoundError: Cause.NO_DEVICE,
    av.ExitError: Cause.TIMEOUT,  # our own deadline
    TimeoutError: Cause.TIMEOUT,
}
_LOCAL = (
    "检查接线；CSI 摄像机须先安装 python3-picamera2 / Check its cable; a CSI camera needs"
    " `apt install python3-picamera2`."
)
_NO_ROUTE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}


@dataclass(frozen=True, slots=True)
class FirstPicture:
    """`milliseconds` from the beginning of the connection to the decoded picture."""

    codec: str
    width: int
    height: int
    milliseconds: int


def first_picture(source: Source, where: str, *, patience: float | None = None) -> FirstPicture:
    """Opens a stream until a picture is decoded. Raises `CameraError`."""
    began = time.monotonic()
    # `from None`: FFmpeg's own words quote the address with the password.
    try:
        container = source.open()
    except (av.FFmpegError, OSError, EOFError) as error:
        if isinstance(source, LocalSource) and not source.child.runs:
            raise CameraError(Cause.NO_DEVICE, where, do=_LOCAL) from None
        mute = time.monotonic() - began >= sources.OPEN_SECONDS
        raise CameraError(_cause(error, reached=source.answers(), mute=mute), where) from None
    with container:
        try:
            return _decode(container, where, began, patience or PATIENCE_S)
        except (av.FFmpegError, OSError, EOFError):
            raise CameraError(Cause.NO_PICTURE, where) from None


def _decode(container: InputContainer, where: str, began: float, patience: float) -> FirstPicture:
    if not container.streams.video:
        raise CameraError(Cause.NO_STREAM, where)
    stream = container.streams.video[0]
    name = stream.codec_context.name
    if name not in CODECS:
        raise CameraError(Cause.CODEC, where, detail=name)
    for packet in container.demux(stream):
        with suppress(av.FFmpegError):  # what comes before the first keyframe can't be decoded
            for frame in packet.decode():
                elapsed = round((time.monotonic() - began) * 1000)
                return FirstPicture(CODECS[name], frame.width, frame.height, elapsed)
        if time.monotonic() - began > patience:
            break
    raise CameraError(Cause.NO_PICTURE, where)


def _cause(error: Exception, *, reached: bool, mute: bool) -> Cause:
    """`mute`: nothing usable came until our deadline, which FFmpeg reports as invalid data."""
    for kind, cause in _CAUSES.items():
        if isinstance(error, kind):
            return cause
    if not reached or getattr(error, "errno", None) in _NO_ROUTE:
        return Cause.UNREACHABLE
    return Cause.TIMEOUT if mute else Cause.BAD_ANSWER
