"""A venue with recordings of one lesson, and the playback routes served to a real browser."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from edge_agent.errors import EdgeAgentError
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.kinds.capture import GapClosed
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Span
from edge_agent.playback.router import Stage, create_router
from edge_agent.rules.windows import lesson_times
from edge_agent.store import gaps, media
from edge_agent.store.cameras import save_camera
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.mp4 import codecs, read_index
from tests.servers import free_port, program
from tests.venue import Venue, at, policies, reading

START = at("08:00")
FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof+frag_discont"


def segment(
    folder: Path, *, seconds: int = 60, size: str = "640x360", encoder: str = "libx264", picture: bytes = b""
) -> Path:
    """A file as the recorder writes it: its own clock runs in the picture's corner, or a JPEG stands still."""
    path = folder / f"{encoder}-{size}-{seconds}.mp4"
    source = ["-f", "lavfi", "-i", f"testsrc=s={size}:r=10:d={seconds}"]
    if picture:
        still = f"loop=-1:1,fps=10,trim=duration={seconds}"
        source = ["-f", "image2pipe", "-c:v", "mjpeg", "-i", "pipe:0", "-vf", still]
    coded = ["-c:v", encoder, "-preset", "ultrafast", "-g", "20", "-keyint_min", "20", "-pix_fmt", "yuv420p"]
    tag = ["-tag:v", "hvc1"] if encoder == "libx265" else []
    command = [program("ffmpeg", package="ffmpeg"), "-y", "-v", "error", *source, *coded, *tag]
    command += ["-movflags", FRAGMENTED, "-frag_duration", "500000", str(path)]
    subprocess.run(command, check=True, input=picture)
    return path


def attributes(source: Path, *, indexed: bool = True) -> dict[str, object]:
    """What the recorder notes of a segment that `segment` made; without its index, as after a crash."""
    codec, size, _ = source.stem.split("-")
    width, height = (int(number) for number in size.split("x"))
    about: dict[str, object] = {"codec": "hevc" if codec == "libx265" else "h264", "width": width, "height": height}
    if not indexed:
        return about
    index = read_index(source)
    header = source.read_bytes()[: index.header]
    return about | {
        "header": index.header,
        "length": index.length,
        "codecs": codecs(header),
        "parts": index.parts(4),
    }


@dataclass
class Theatre:
    venue: Venue
    files: MediaFiles
    url: str = ""

    def add(
        self, source: Path, starts: Sequence[datetime], camera: str = "k1", *, indexed: bool = True, without: str = ""
    ) -> list[str]:
        """File `source` once for each start, as segments of the lesson; the bytes are shared.

        Their rows lack the attribute `without`.
        """
        index = read_index(source)
        identifiers = []
        for start in starts:
            path = f"recording/{start:%Y-%m-%d}/{start:%H%M%S}-{camera}.mp4"
            full = self.files.root / path
            full.parent.mkdir(parents=True, exist_ok=True)
            os.link(source, full)
            row = Media(
                id=media.new_media_id(),
                kind=MediaKind.RECORDING,
                path=path,
                sha256="",
                size=source.stat().st_size,
                start=start,
                end=start + timedelta(seconds=index.length),
                lesson="A",
                camera=camera,
                mime="video/mp4",
            )
            about = attributes(source, indexed=indexed)
            about.pop(without, None)
            self.venue.writer.run(lambda tx, row=row, about=about: media.add(tx, row, **about))  # type: ignore[misc] # a lambda's defaults are not inferred
            identifiers.append(row.id)
        return identifiers

    def note_gap(self, start: datetime, end: datetime) -> None:
        gap = GapClosed(camera="k1", lesson="A", start=start, end=end, cause="refused")
        self.venue.writer.run(lambda tx: gaps.close_gap(tx, gap))


def span_of(_connection: Connection, lesson: Lesson) -> Span:
    return lesson_times(lesson, policies("jinan-2024").policy).taught


@contextmanager
def theatre(folder: Path, *, periods: int = 1, live_socket: Path | None = None) -> Iterator[Theatre]:
    venue = Venue(folder)
    venue.clock.set(at("23:00"))
    venue.add_class()
    venue.add_lesson("A", "08:00", periods, room="101")
    for identifier in ("k1", "k2"):
        camera = Camera(identifier, f"前门{identifier}", CameraKind.RTSP, "101", "rtsp://nowhere")
        venue.writer.run(lambda tx, camera=camera: save_camera(tx, camera))  # type: ignore[misc] # a lambda's defaults are not inferred
    files = MediaFiles(folder / "media")
    stage = Stage(
        reading=lambda: reading(venue.database),
        files=files,
        live_socket=live_socket or folder / "live.sock",
        now=lambda: venue.clock.stamp().wall,
        span_of=span_of,
    )
    app = FastAPI()
    app.include_router(create_router(stage))
    app.add_exception_handler(EdgeAgentError, _told)
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", ws="websockets-sansio")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Theatre(venue, files, f"http://127.0.0.1:{port}/playback")
    finally:
        server.should_exit = True
        thread.join()
        venue.close()


async def _told(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EdgeAgentError)
    return JSONResponse({"title": error.message}, error.status)
