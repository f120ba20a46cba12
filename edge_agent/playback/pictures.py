"""Keyframes of recordings as pictures: for the seek bar, and for browsers that can't decode the video."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from edge_agent.errors import NotFoundError

KEPT = 512  # pictures of some KB each: the strips of a dozen lessons
_QUALITY = 80


class Pictures:
    """Decodes one at a time: a strip that is opened must not take the processor from check-in."""

    def __init__(self) -> None:
        self._decoding = threading.Lock()
        self._kept: OrderedDict[tuple[Path, float, int], bytes] = OrderedDict()

    def picture(self, path: Path, at: float, width: int) -> bytes:
        """Give the keyframe at or before `at` seconds of the file as JPEG, `width` pixels wide at most.

        Raises `NotFoundError` where the file gives none.
        """
        key = (path, at, width)
        with self._decoding:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            data = self._kept[key] = _decode(path, at, width)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return data


def _decode(path: Path, at: float, width: int) -> bytes:
    try:
        with av.open(str(path)) as container:
            container.seek(round(at * av.time_base), backward=True, any_frame=False)
            frame = next(iter(container.decode(video=0)), None)
    except (FFmpegError, OSError) as error:
        raise NotFoundError(f"{path.name}: no picture ({error.strerror}; 文件缺失或损坏).") from None
    if frame is None:
        raise NotFoundError(f"{path.name}: no picture at {at:.1f} s (没有画面).")
    return to_jpeg(frame, width)


def to_jpeg(frame: VideoFrame, width: int) -> bytes:
    """A frame as JPEG, `width` pixels wide at most.

    By Pillow: OpenCV and numpy would cost the kiosk's process 30 MB.
    """
    if frame.width > width:
        frame = frame.reformat(width, max(2, round(frame.height * width / frame.width)))
    data = io.BytesIO()
    frame.to_image().save(data, "JPEG", quality=_QUALITY)  # type: ignore[no-untyped-call]  # PyAV leaves it without
    return data.getvalue()
