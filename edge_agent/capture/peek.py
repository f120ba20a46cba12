"""One look at a camera that nobody records: before a lesson, or when somebody wants a picture now."""

from __future__ import annotations

from collections.abc import Callable

from av.error import FFmpegError

from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import Cause, StreamError, of_stream
from edge_agent.capture.keyframe import Keyframe
from edge_agent.capture.reader import Reader
from edge_agent.errors import DeviceError


def peek(source: Source, boottime: Callable[[], float]) -> Keyframe:
    """Connect, wait for a keyframe, leave. Raises `StreamError` with the cause."""
    try:
        with source.open() as container:
            reader = Reader(container, tuple, boottime)
            reader.read(lambda _: reader.keyframe is None)
            if reader.keyframe is not None:
                return reader.keyframe
    except (FFmpegError, OSError, DeviceError) as error:
        cause = of_stream(error)
        raise StreamError(Cause.UNREACHABLE if cause is Cause.BAD_DATA and not source.answers() else cause) from None
    raise StreamError(Cause.CLOSED)
