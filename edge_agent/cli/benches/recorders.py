"""The recorders that `bench record` compares, each a process of its own: `python -m ... ours|opencv FOLDER URL...`.

They run until they are told to stop (SIGTERM).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path


def ours(folder: Path, urls: Sequence[str]) -> None:
    """The recorder as the service runs it: hashing, syncing and held keyframes on."""
    from edge_agent.allocator import keep_small
    from edge_agent.cameras.sources import RtspSource
    from edge_agent.capture.feed import Feed
    from edge_agent.capture.syncer import Syncer
    from edge_agent.capture.tape import Recorded, Tape
    from edge_agent.clock import SystemClock
    from edge_agent.model.media import MediaKind
    from edge_agent.store.files import MediaFiles

    keep_small()
    clock, files = SystemClock(), MediaFiles(folder)

    def done(recorded: Recorded) -> None:
        recorded.file.commit(recorded.start)

    tapes, feeds = [], []
    for number, url in enumerate(urls):
        tape = Tape(
            clock=clock,
            create=lambda: files.create(MediaKind.RECORDING, ".mp4"),
            done=done,
            tags={"camera": str(number)},
        )
        feed = Feed(RtspSource(url), name=f"camera {number}", boottime=clock.boottime)
        feed.add(tape)
        feed.start()
        tapes.append(tape)
        feeds.append(feed)
    syncer = Syncer(lambda: tapes)
    syncer.start()
    _wait()
    for feed, tape in zip(feeds, tapes, strict=True):
        feed.stop()
        feed.remove(tape)


def opencv(folder: Path, urls: Sequence[str]) -> None:
    """How a recorder is commonly written: read pictures, write pictures."""
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "rtsp_transport;tcp"  # read when cv2 opens the address
    import cv2

    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    capture = cv2.VideoCapture(urls[0], cv2.CAP_FFMPEG)
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    writer = cv2.VideoWriter(str(folder / "opencv.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 25, size)
    while not stopped.is_set():
        taken, picture = capture.read()
        if not taken:
            break
        writer.write(picture)
    writer.release()


def _wait() -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    stopped.wait()


if __name__ == "__main__":
    {"ours": ours, "opencv": opencv}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3:])
