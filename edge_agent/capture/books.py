"""What is stored of a lesson's recordings, and what of it neither a file nor a noted gap accounts for."""

from __future__ import annotations

from datetime import datetime

from edge_agent.capture.causes import Cause
from edge_agent.capture.programme import Wanted
from edge_agent.model.kinds.capture import GapClosed
from edge_agent.model.media import MediaKind
from edge_agent.model.span import Span
from edge_agent.rules.gaps import UNKNOWN, gaps
from edge_agent.rules.gaps import Cause as Reason
from edge_agent.store import gaps as gap_rows
from edge_agent.store import media as media_rows
from edge_agent.store.database import Connection


class Books:
    """Tells of rows alone: a segment that is being written, or waits for its row, is not in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def recorded(self, camera: str, within: Span) -> list[Span]:
        """Give what a camera recorded that shares a moment with `within`, by start."""
        rows = media_rows.of_camera(self._connection, camera, MediaKind.RECORDING, within.start, within.end)
        return [Span(row.start, row.end) for row in rows]

    def noted(self, wanted: Wanted) -> list[gap_rows.NotedGap]:
        """Give the gaps of a lesson's camera, open ones too, by start."""
        lesson, camera = wanted.key
        return [gap for gap in gap_rows.of_lesson(self._connection, lesson) if gap.camera == camera]

    def missing(self, wanted: Wanted, down: Cause | None, *, until: datetime | None = None) -> list[GapClosed]:
        """Give the gaps that are not noted, and the ends of those that are; `down` is why nobody noticed.

        `until` is given while the lesson still runs: a gap that nothing recorded has ended then stays open.
        """
        lesson, camera = wanted.key
        expected = Span(wanted.expected.start, wanted.expected.end if until is None else until)
        if not lesson or expected.end <= expected.start:
            return []
        recorded = self.recorded(camera, expected)
        known, closed = [], []
        for gap in self.noted(wanted):
            resumed = min((one.start for one in recorded if one.start > gap.start), default=None)
            end = gap.end or resumed or expected.end
            known.append(Span(gap.start, end))
            if gap.end is None and (resumed or until is None):
                closed.append(GapClosed(camera=camera, lesson=lesson, start=gap.start, end=end, cause=gap.cause))
        code = down.value if down else UNKNOWN
        for hole in gaps(expected, recorded + known, (Reason(expected, code),), tolerance=wanted.tolerance):
            span = hole.span
            closed.append(GapClosed(camera=camera, lesson=lesson, start=span.start, end=span.end, cause=hole.cause))
        return closed
