"""A picture of a lesson: where it comes from, and how it becomes a file, a row and a fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import av
from av.error import FFmpegError
from av.video.frame import VideoFrame

from edge_agent.cameras.sources import Source
from edge_agent.capture.caption import add_caption
from edge_agent.capture.jpeg import encode_jpeg
from edge_agent.capture.keyframe import Picture
from edge_agent.capture.look import difference_hash
from edge_agent.capture.peek import peek
from edge_agent.capture.recorder import Held, Recording
from edge_agent.clock import Clock
from edge_agent.errors import StorageError
from edge_agent.model.camera import Camera
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Slot
from edge_agent.model.stamp import Stamp
from edge_agent.store import media as media_rows
from edge_agent.store.files import MediaFiles
from edge_agent.store.mp4 import read_index
from edge_agent.store.writer import Transaction, Writer

FRESH = 15.0  # seconds; a keyframe interval of 10 s and what it may be late
SUFFIX = ".jpg"

Note = Callable[[Transaction, Media, str], bool]
"""Appends the fact of a picture, given its row and its difference hash; False where it is not needed."""


@dataclass(frozen=True, slots=True)
class Shot:
    """`at` is when the frame arrived; `source`, whether it came live or out of our own recording."""

    camera: str
    at: datetime
    picture: Picture
    source: Literal["live", "recording"]


def shoot(recording: Recording, stamp: Stamp, takes: Callable[[datetime], bool]) -> Shot | None:
    """Decode the held keyframe; None where it is old, or not of a moment that `takes` accepts.

    Raises `DeviceError` where it is damaged.
    """
    keyframe = recording.keyframe
    if keyframe is None or stamp.boottime - keyframe.at > FRESH:
        return None
    return shot_of(recording.camera.id, keyframe, stamp) if takes(_wall(keyframe, stamp)) else None


def look(camera: Camera, source_of: Callable[[Camera], Source], clock: Clock) -> Shot:
    """Connect to a camera that nobody records, and take what it shows first.

    Raises `StreamError`, or `DeviceError` where the picture is damaged; a `StorageError` where its password is.
    """
    return shot_of(camera.id, peek(source_of(camera), clock.boottime), clock.stamp())


def shot_of(camera: str, keyframe: Held, stamp: Stamp) -> Shot:
    """Decode a keyframe; raises `DeviceError` where it is damaged."""
    return Shot(camera, _wall(keyframe, stamp), keyframe.picture(), "live")


def _wall(keyframe: Held, stamp: Stamp) -> datetime:
    return stamp.wall - timedelta(seconds=stamp.boottime - keyframe.at)


def draw(files: MediaFiles, segments: list[Media], slot: Slot) -> Shot | None:
    """Take the keyframe of our own recording that is nearest to the target, if one lies inside the slot's window."""
    candidates = []
    for segment in segments:
        try:
            index = read_index(files.locate(segment.path))
        except (OSError, StorageError):
            continue
        for fragment in index.fragments:
            at = segment.start + timedelta(seconds=fragment.start)
            if fragment.keyframe and slot.takes(at):
                candidates.append((abs(at - slot.target), at, fragment.start, segment))
    for _, at, start, segment in sorted(candidates, key=lambda one: one[0])[:3]:
        frame = _decode(files, segment, start)
        if frame is not None:
            return Shot(segment.camera, at, frame.to_ndarray(format="bgr24").astype("uint8", copy=False), "recording")
    return None


def _decode(files: MediaFiles, segment: Media, start: float) -> VideoFrame | None:
    try:
        with av.open(str(files.locate(segment.path))) as container:
            container.seek(round(start * av.time_base), backward=True, any_frame=False)
            return next(iter(container.decode(video=0)), None)
    except (FFmpegError, OSError):
        return None


class Album:
    """Keeps shots: the file first, then the row and what `note` writes in one transaction."""

    def __init__(self, writer: Writer, files: MediaFiles) -> None:
        self._writer = writer
        self._files = files

    def keep(self, shot: Shot, lesson: str, lines: list[str], note: Note) -> Media | None:
        """Give the stored picture; None, and nothing kept, where `note` says that it is not needed any more."""
        data = encode_jpeg(add_caption(shot.picture, lines))
        stored = self._files.store(MediaKind.SNAPSHOT, SUFFIX, data, shot.at)
        row = Media(
            id=media_rows.new_media_id(),
            kind=MediaKind.SNAPSHOT,
            path=stored.path,
            sha256=stored.sha256,
            size=stored.size,
            start=shot.at,
            end=shot.at,
            lesson=lesson,
            camera=shot.camera,
            mime="image/jpeg",
        )
        alike = difference_hash(shot.picture)
        height, width = shot.picture.shape[:2]

        def job(tx: Transaction) -> bool:
            wanted = note(tx, row, alike)
            if wanted:
                media_rows.add(tx, row, source=shot.source, phash=alike, width=width, height=height)
            return wanted

        if self._writer.run(job):
            return row
        self._files.delete(row.path)
        return None
