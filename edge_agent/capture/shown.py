"""What a segment shows, whoever finished it: told by the tape, or read from the file's header after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av

from edge_agent.cameras.child import Stream
from edge_agent.capture.tape import Recorded
from edge_agent.model.kinds.capture import SegmentClosed
from edge_agent.model.media import Media
from edge_agent.model.stamp import Stamp, Trust


@dataclass(frozen=True, slots=True)
class Shown:
    """`clock` is the clock at its start; `torn`, that its end was cut off where it was whole."""

    camera: str
    stream: Stream
    start: datetime
    end: datetime
    clock: Stamp
    codec: str
    width: int
    height: int
    audio: bool
    torn: bool

    def about(self) -> dict[str, object]:
        """Give what a row keeps of it beside its span."""
        about: dict[str, object] = {"codec": self.codec, "width": self.width, "height": self.height}
        if self.clock.trust is Trust.UNTRUSTED:
            about["clock"] = {"boot_id": self.clock.boot_id, "boottime": self.clock.boottime}
        return about | {"stream": self.stream, "torn": self.torn}

    def fact(self, row: Media, lessons: tuple[str, ...]) -> SegmentClosed:
        """Give the fact that says so; `row` is the file that it became."""
        return SegmentClosed(
            media=row.id,
            camera=row.camera,
            lessons=lessons,
            start=row.start,
            end=row.end,
            sha256=row.sha256,
            size=row.size,
            codec=self.codec,
            width=self.width,
            height=self.height,
            stream=self.stream,
            audio=self.audio,
            torn=self.torn,
        )


def of_tape(recorded: Recorded, camera: str, stream: Stream) -> Shown:
    """What the tape tells of a segment that it has just finished."""
    shape = recorded.shape
    return Shown(
        camera=camera,
        stream=stream,
        start=recorded.start,
        end=recorded.end,
        clock=recorded.clock,
        codec=shape.codec,
        width=shape.width,
        height=shape.height,
        audio=recorded.audio,
        torn=recorded.torn,
    )


def read_tags(path: Path) -> Shown:
    """Read what the tape wrote into a segment's header; the end is not known yet.

    Raises `OSError`, `FFmpegError`, `LookupError` or `ValueError` for a file that is none of ours.
    """
    with av.open(str(path)) as container:
        tags, video = container.metadata, container.streams.video[0]
        start = datetime.fromisoformat(tags["start"])
        return Shown(
            camera=tags["camera"],
            stream="sub" if tags["stream"] == "sub" else "main",
            start=start,
            end=start,
            clock=_clock(tags.get("clock", ""), start),
            codec=video.codec_context.name,
            width=video.codec_context.width,
            height=video.codec_context.height,
            audio=bool(container.streams.audio),
            torn=True,
        )


def _clock(tag: str, start: datetime) -> Stamp:
    trust, boottime, boot_id = tag.split(" ", 2) if tag else (Trust.SYNCED, "0", "")  # of an older version
    return Stamp(start, boot_id, float(boottime), Trust(trust), 0.0)
