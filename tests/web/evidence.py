"""What `capture` would have filed of a lesson: segments, pictures of its slots, slots that were missed, gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from edge_agent.model.kinds.capture import GapClosed, SegmentClosed, SnapshotMissed, SnapshotTaken
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import gaps, media, slots
from edge_agent.store.writer import Transaction
from tests.playback.theatre import attributes
from tests.web.conftest import House

SlotKind = Literal["opening", "middle", "closing"]


def picture(text: str, size: tuple[int, int] = (640, 360)) -> bytes:
    """A JPEG that says what it is; no classroom may be shown where nobody consented."""
    image = np.full((size[1], size[0], 3), (96, 88, 72), np.uint8)
    for row in range(3):
        for seat in range(7):
            centre = (60 + 87 * seat, 150 + 75 * row)
            cv2.circle(image, centre, 20 + 3 * row, (176, 190, 204), -1, cv2.LINE_AA)
    cv2.putText(image, text, (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (255, 255, 255), 2, cv2.LINE_AA)
    return bytes(cv2.imencode(".jpg", image)[1])


def file(
    house: House,
    kind: MediaKind,
    content: bytes,
    span: tuple[datetime, datetime],
    *,
    lesson: str = "A",
    camera: str = "cam1",
) -> Media:
    """Store the bytes and give their row, which the caller adds with its fact."""
    start, end = span
    suffix, mime = (".jpg", "image/jpeg") if kind is MediaKind.SNAPSHOT else (".mp4", "video/mp4")
    stored = house.site.files.store(kind, suffix, content, start)
    return Media(
        media.new_media_id(), kind, stored.path, stored.sha256, stored.size, start, end, lesson, camera, mime=mime
    )


def take(house: House, slot: str, at: datetime, *, heads: int | None = None, content: bytes = b"") -> Media:
    """A picture for a slot, as `A/p1/opening`: one that says what it is, unless its `content` is given."""
    lesson, period, kind = slot.split("/")
    row = file(house, MediaKind.SNAPSHOT, content or picture(f"{at:%H:%M:%S} {kind}"), (at, at), lesson=lesson)
    taken = SnapshotTaken(
        slot=slot,
        lesson=lesson,
        period=int(period[1:]),
        slot_kind=_kind(kind),
        camera="cam1",
        at=at,
        source="live",
        media=row.id,
        sha256=row.sha256,
        size=row.size,
        heads=heads,
    )

    def keep(tx: Transaction) -> None:
        media.add(tx, row, **({} if heads is None else {"heads": heads}))
        slots.note_taken(tx, taken)

    house.venue.writer.run(keep)
    return row


def miss(house: House, slot: str, cause: str) -> None:
    lesson, period, kind = slot.split("/")
    missed = SnapshotMissed(slot=slot, lesson=lesson, period=int(period[1:]), slot_kind=_kind(kind), cause=cause)
    house.venue.writer.run(lambda tx: slots.note_missed(tx, missed))


def record(house: House, source: Path, start: datetime, *, lesson: str = "A", camera: str = "cam1") -> Media:
    """A closed segment of a lesson, as `tests.playback.theatre.segment` made its file."""
    about = attributes(source)
    end = start + timedelta(seconds=float(str(about["length"])))
    row = file(house, MediaKind.RECORDING, source.read_bytes(), (start, end), lesson=lesson, camera=camera)
    closed = SegmentClosed(
        media=row.id,
        camera=camera,
        lessons=(lesson,),
        start=start,
        end=end,
        sha256=row.sha256,
        size=row.size,
        codec="h264",
        width=640,
        height=360,
    )

    def keep(tx: Transaction) -> None:
        media.add(tx, row, **about)
        tx.append(closed)

    house.venue.writer.run(keep)
    return row


def lose(house: House, start: datetime, end: datetime, cause: str, *, camera: str = "cam1") -> None:
    gap = GapClosed(camera=camera, lesson="A", start=start, end=end, cause=cause)
    house.venue.writer.run(lambda tx: gaps.close_gap(tx, gap))


def _kind(kind: str) -> SlotKind:
    assert kind in {"opening", "middle", "closing"}
    return kind  # type: ignore[return-value]  # as just asserted
