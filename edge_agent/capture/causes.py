"""Why a camera gives no video, in words that a gap, a state and a page can bear."""

from __future__ import annotations

import errno
from enum import StrEnum

import av.error


class Cause(StrEnum):
    REFUSED = "refused"  # the address answers, the port doesn't
    UNREACHABLE = "unreachable"
    UNAUTHORIZED = "unauthorized"
    LOCKED = "locked"  # after too many wrong passwords
    NOT_FOUND = "not_found"  # the camera has no such stream
    TIMEOUT = "timeout"
    CLOSED = "closed"  # the camera ended the stream
    FROZEN = "frozen"  # connected, and nothing comes
    NO_VIDEO = "no_video"
    NO_KEYFRAME = "no_keyframe"
    CODEC = "codec"  # neither H.264 nor H.265
    BAD_DATA = "bad_data"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    FOLDER_GONE = "folder_gone"
    CONNECTING = "connecting"
    ENDED = "ended"  # the lesson, or what was asked for by hand
    WITHDRAWN = "withdrawn"  # cancelled, stopped by hand, or another camera instead
    STOPPED = "stopped"  # the service was told to end
    SERVICE_DOWN = "service_down"
    POWER_LOSS = "power_loss"
    NO_CAMERA = "no_camera"  # nothing was associated, or the camera is not bound
    STARTED_LATE = "started_late"


_NETWORK = {
    errno.ECONNREFUSED: Cause.REFUSED,
    errno.EHOSTUNREACH: Cause.UNREACHABLE,
    errno.ENETUNREACH: Cause.UNREACHABLE,
    errno.EHOSTDOWN: Cause.UNREACHABLE,
    errno.ETIMEDOUT: Cause.TIMEOUT,
    errno.EAGAIN: Cause.TIMEOUT,
    errno.ECONNRESET: Cause.CLOSED,
    errno.EPIPE: Cause.CLOSED,
    errno.ENOENT: Cause.NOT_FOUND,
    errno.ENODEV: Cause.NOT_FOUND,
}

_KINDS = {
    av.error.HTTPUnauthorizedError: Cause.UNAUTHORIZED,
    av.error.HTTPForbiddenError: Cause.LOCKED,
    av.error.HTTPNotFoundError: Cause.NOT_FOUND,
    av.error.ExitError: Cause.TIMEOUT,  # our own deadline interrupted the read
    TimeoutError: Cause.TIMEOUT,
    EOFError: Cause.CLOSED,
}
_DISK = {errno.ENOSPC: Cause.DISK_FULL, errno.EDQUOT: Cause.DISK_FULL, errno.ENOENT: Cause.FOLDER_GONE}


class StreamError(Exception):
    """A stream that is connected and still gives nothing to record."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.value)
        self.cause = cause


def of_stream(error: Exception) -> Cause:
    """Name what libavformat or the socket said. Its text is not kept: it quotes the address with the password."""
    if isinstance(error, StreamError):
        return error.cause
    for kind, cause in _KINDS.items():
        if isinstance(error, kind):
            return cause
    return _NETWORK.get(getattr(error, "errno", None) or 0, Cause.BAD_DATA)


def of_disk(error: BaseException | None) -> Cause:
    """Name why a file can't be written; a `StorageError` is asked for its cause."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__
    return _DISK.get((error and error.errno) or 0, Cause.DISK_ERROR)
