"""Keyframes of recordings as pictures: for the seek bar, and for browsers that can't decode the video."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import av
import cv2
from av.error import FFmpegError

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
    if frame.width > width:
        frame = frame.reformat(width, max(2, round(frame.height * width / frame.width)))
    _, data = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"), (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return data.tobytes()
