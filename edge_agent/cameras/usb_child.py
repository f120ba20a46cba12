"""The child that holds a USB camera: pictures in as V4L2 gives them (MJPEG or raw), H.264 out, main and sub.

Run by `child`. It encodes, because a webcam does not; a network camera is cheaper to record. `--format` opens something
else than V4L2, for tests.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction

import av
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

_TIME_BASE = Fraction(1, 90_000)
_SUB_WIDTH = 640
_SUB_SHARE = 6  # of the main stream's bit rate


class _Output:
    """An H.264 stream in MPEG-TS, a keyframe a second so that a reader can begin at any time."""

    def __init__(self, file: str, width: int, height: int, fps: int, kbps: int) -> None:
        self._container = av.open(file, "w", format="mpegts", options={"flush_packets": "1"})
        self._stream: VideoStream = self._container.add_stream(
            "libx264",
            rate=fps,
            options={
                "preset": "superfast",
                "tune": "zerolatency",
                "forced-idr": "1",
                "x264-params": "repeat-headers=1",
            },
        )
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        self._stream.bit_rate = kbps * 1000
        self._stream.codec_context.time_base = _TIME_BASE
        self._key_due = 0

    def write(self, frame: VideoFrame, ticks: int) -> None:
        picture = frame.reformat(self._stream.width, self._stream.height, "yuv420p")
        picture.pts, picture.time_base = ticks, _TIME_BASE
        picture.pict_type = PictureType.NONE
        if ticks >= self._key_due:
            picture.pict_type = PictureType.I
            self._key_due = ticks + 90_000
        self._container.mux(self._stream.encode(picture))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    parser.add_argument("--format", default="v4l2")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--main-fd", type=int, required=True)
    parser.add_argument("--sub-fd", type=int, required=True)
    given = parser.parse_args(arguments)
    # MJPEG is what a webcam can send over USB 2 at this size; a driver that has no such size gives its nearest.
    wanted = {"video_size": given.size, "framerate": str(given.fps), "input_format": "mjpeg"}
    with av.open(given.device, format=given.format, options=wanted if given.format == "v4l2" else {}) as camera:
        stream = camera.streams.video[0]
        width, height = stream.width, stream.height
        sub_width = min(_SUB_WIDTH, width)
        sub_height = round(height * sub_width / width / 2) * 2
        outputs = [
            _Output(f"pipe:{given.main_fd}", width, height, given.fps, given.kbps),
            _Output(f"pipe:{given.sub_fd}", sub_width, sub_height, given.fps, max(100, given.kbps // _SUB_SHARE)),
        ]
        first: float | None = None
        for frame in camera.decode(stream):
            first = (frame.time or 0.0) if first is None else first
            ticks = round(((frame.time or 0.0) - first) * 90_000)
            for output in outputs:
                output.write(frame, ticks)


if __name__ == "__main__":
    try:
        main()
    except av.FFmpegError as error:  # unplugged, or held by another program
        raise SystemExit(f"USB：{error}") from None
