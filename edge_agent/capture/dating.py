"""Sorts what was recorded under an untrusted clock, once an anchor has said what the time was."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from edge_agent.model.anchor import Corrected, correct
from edge_agent.model.kinds.capture import SegmentDated
from edge_agent.model.media import Media
from edge_agent.model.span import Span
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store import media as media_rows
from edge_agent.store.anchors import note_anchor
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_anchors
from edge_agent.store.writer import Transaction, Writer

LessonsOf = Callable[[str, Span], tuple[str, ...]]


class Dater:
    """`lessons` says which lessons a camera's span belongs to, by the plan. What waited before a restart waits on."""

    def __init__(self, writer: Writer, connection: Connection, lessons: LessonsOf) -> None:
        self._writer = writer
        self._connection = connection
        self._lessons = lessons
        self._waiting = deque(media_rows.undated(connection))

    def add(self, row: Media, clock: Stamp) -> None:
        """Take note of a segment that began at `clock`; called by whoever stores it, from any thread."""
        if clock.trust is Trust.UNTRUSTED:
            self._waiting.append((row, clock))

    def tick(self, stamp: Stamp) -> Span | None:
        """Date what can be dated; give when that was, from the first to the last, for others to look at again."""
        boots = {anchor.boot_id for anchor in read_anchors(self._connection)} if self._waiting else set()
        if stamp.trust is Trust.SYNCED:
            boots.add(stamp.boot_id)
        ready = [waiting for waiting in list(self._waiting) if waiting[1].boot_id in boots]
        if not ready:
            return None
        spans = self._writer.run(lambda tx: self._date(tx, ready))
        for done in ready:
            self._waiting.remove(done)
        return Span(min(span.start for span in spans), max(span.end for span in spans)) if spans else None

    def _date(self, tx: Transaction, ready: list[tuple[Media, Stamp]]) -> list[Span]:
        note_anchor(tx, [clock for _, clock in ready])
        anchors = list(read_anchors(tx.connection))
        spans = []
        for row, clock in ready:
            corrected = correct(clock, anchors)
            if corrected is not None:
                spans.append(self._date_one(tx, row, corrected))
        return spans

    def _date_one(self, tx: Transaction, row: Media, corrected: Corrected) -> Span:
        start = corrected.at - timedelta(microseconds=corrected.at.microsecond % 1000)  # as facts have it
        shown = Span(start, start + (row.end - row.start))
        lessons = self._lessons(row.camera, shown)
        media_rows.date(tx, row.id, shown, lessons[0] if lessons else "")
        tx.append(
            SegmentDated(
                media=row.id,
                camera=row.camera,
                lessons=lessons,
                before=(row.lesson,) if row.lesson else (),
                start=shown.start,
                end=shown.end,
                size=row.size,
                max_error=corrected.max_error,
            )
        )
        return shown
