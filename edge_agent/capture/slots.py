"""Sees to it that every slot of every lesson is taken, missed with a cause, or void with a reason.

A slot is tried from its target to the end of its window, on one camera of the lesson after another; a picture that is
black or covered is the last resort. Afterwards it is drawn from our own recording, if a frame lies inside the window.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, cast

from edge_agent.cameras.sources import Source
from edge_agent.capture.causes import Cause, StreamError
from edge_agent.capture.clips import cut_clip
from edge_agent.capture.look import judge_flat
from edge_agent.capture.programme import Course, Programme
from edge_agent.capture.recorder import Recording
from edge_agent.capture.shots import Album, Shot, draw, look, shoot
from edge_agent.capture.words import Words
from edge_agent.clock import Clock
from edge_agent.errors import EdgeAgentError, StorageError
from edge_agent.model.camera import Camera
from edge_agent.model.kinds.capture import ClipKept, SlotVoided, SnapshotMissed, SnapshotTaken
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.span import Slot, SlotKind, Span
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.rules.gaps import UNKNOWN
from edge_agent.rules.slots import SETTLED, retry_interval
from edge_agent.store import gaps as gap_rows
from edge_agent.store import media as media_rows
from edge_agent.store import slots as slot_rows
from edge_agent.store.database import Connection
from edge_agent.store.files import MediaFiles
from edge_agent.store.writer import Transaction, Writer

log = logging.getLogger(__name__)

SETTLE_SECONDS = 10.0

Submit = Callable[[Callable[[], None]], object]


@dataclass(frozen=True, slots=True)
class _Owed:
    """A slot with what it takes to fill it."""

    slot: Slot
    lesson: Lesson
    course: Course
    cameras: tuple[Camera, ...]


class SlotKeeper:
    """`submit` runs what takes longer than a tick may (decoding, writing) one after another, elsewhere.

    `stored` says whether rows tell all that was recorded: before that nothing is called missed.
    """

    def __init__(
        self,
        writer: Writer,
        files: MediaFiles,
        connect: Callable[[], Connection],
        clock: Clock,
        source_of: Callable[[Camera], Source],
        *,
        venue: str,
        submit: Submit,
        stored: Callable[[], bool],
        since: datetime,
    ) -> None:
        self._writer = writer
        self._files = files
        self._connection = connect()  # the tick's
        self._elsewhere = connect()  # of what `submit` runs
        self._words = Words(self._elsewhere, venue)
        self._album = Album(writer, files)
        self._clock = clock
        self._source_of = source_of
        self._submit = submit
        self._stored = stored
        self._since = since
        self._done: set[str] = set()
        self._looked_up: set[str] = set()
        self._next: dict[str, float] = {}
        self._why: dict[str, str] = {}
        self._settle_at = 0.0

    def close(self) -> None:
        self._connection.close()
        self._elsewhere.close()

    def tick(
        self, stamp: Stamp, programme: Programme, recordings: Mapping[str, Recording], *, room: bool = True
    ) -> None:
        """Start the tries that are due; without `room` on the disk none is, and that is why."""
        for course, plan in programme.plans(stamp.wall):
            for slot in plan.due:
                if slot.kind is SlotKind.CLIP or stamp.boottime < self._next.get(slot.id, 0.0):
                    continue
                if not room:
                    self._why[slot.id] = Cause.DISK_FULL.value
                elif self._is_open(slot, self._connection):
                    interval = retry_interval(slot, course.schedule.policy)
                    self._next[slot.id] = stamp.boottime + interval.total_seconds()
                    last = stamp.wall + interval > slot.window.end
                    owed = _owed(slot, course, programme)
                    self._submit(partial(self._attempt, owed, stamp, dict(recordings), last=last))
        if stamp.boottime >= self._settle_at:
            self._settle_at = stamp.boottime + SETTLE_SECONDS
            self._submit(partial(self._settle, stamp, programme))

    def _is_open(self, slot: Slot, connection: Connection) -> bool:
        """Say whether a slot is still to be taken; what became of it before a restart is in the database."""
        if slot.lesson not in self._looked_up:
            self._looked_up.add(slot.lesson)
            rows = slot_rows.of_lesson(connection, slot.lesson)
            self._done |= {row.id for row in rows if row.state != "void"}
        return slot.id not in self._done

    def _attempt(self, owed: _Owed, stamp: Stamp, recordings: Mapping[str, Recording], *, last: bool) -> None:
        """Try the lesson's cameras in order; what shows nothing is kept only when there will be no other try."""
        spare: Shot | None = None
        for camera in owed.cameras:
            recording = recordings.get(camera.id)
            try:
                shot = self._shoot(camera, recording, stamp, owed.slot)
            except (StreamError, EdgeAgentError) as error:
                log.info("%s: %s: %s", owed.slot.id, camera.name, error)
                self._why[owed.slot.id] = (error.cause if isinstance(error, StreamError) else Cause.BAD_DATA).value
                continue
            if shot is None:
                self._why[owed.slot.id] = ((recording and recording.cause) or Cause.CONNECTING).value
            elif judge_flat(shot.picture) == "ok":
                self._keep(owed, shot, stamp.trust)
                return
            else:
                spare = spare or shot
        if spare is not None and last:
            self._keep(owed, spare, stamp.trust)

    def _shoot(self, camera: Camera, recording: Recording | None, stamp: Stamp, slot: Slot) -> Shot | None:
        """Use what is being recorded, or look at the camera anew: while the disk has room for pictures alone, say."""
        if recording is not None:
            return shoot(recording, stamp, slot.takes)
        shot = look(camera, self._source_of, self._clock)
        return shot if slot.takes(shot.at) else None

    def _keep(self, owed: _Owed, shot: Shot, trust: Trust) -> None:
        slot = owed.slot
        if slot.id in self._done:
            return
        lines = self._words.lines(
            owed.lesson,
            self._words.of_slot(slot),
            next((camera.name for camera in owed.cameras if camera.id == shot.camera), shot.camera),
            shot.at,
            owed.course.schedule.policy.zone,
            source=shot.source,
            trust=trust,
        )

        def note(tx: Transaction, row: Media, alike: str) -> bool:
            taken = SnapshotTaken(
                slot=slot.id,
                lesson=slot.lesson,
                period=slot.period,
                slot_kind=cast("Literal['opening', 'middle', 'closing']", slot.kind.value),
                camera=row.camera,
                at=shot.at,
                source=shot.source,
                media=row.id,
                sha256=row.sha256,
                size=row.size,
                phash=alike,
            )
            return slot_rows.note_taken(tx, taken, policy=owed.course.stamp)

        self._album.keep(shot, slot.lesson, lines, note)
        self._done.add(slot.id)

    def _settle(self, stamp: Stamp, programme: Programme) -> None:
        """Look at every slot whose window has passed and whose fate is not known yet."""
        passed = Span(self._since, stamp.wall)
        for course in programme.courses:
            for slot in course.schedule.slots_within(passed):
                if slot.window.end < stamp.wall and self._is_open(slot, self._elsewhere):
                    self._settle_one(_owed(slot, course, programme), stamp)
            for slot in _void(course, passed):
                if self._is_open(slot, self._elsewhere):
                    void = SlotVoided(slot=slot.id, lesson=slot.lesson, reason=slot.void)
                    self._writer.run(partial(slot_rows.note_void, void=void, policy=course.stamp))
                    self._done.add(slot.id)

    def _settle_one(self, owed: _Owed, stamp: Stamp) -> None:
        slot = owed.slot
        if slot.kind is SlotKind.CLIP:
            self._keep_clip(owed)
        else:
            shot = draw(self._files, [row for camera in owed.cameras for row in self._segments(camera, slot)], slot)
            if shot is not None:
                self._keep(owed, shot, stamp.trust)
        if slot.id not in self._done and stamp.wall - slot.window.end > SETTLED and self._stored():
            missed = SnapshotMissed(
                slot=slot.id,
                lesson=slot.lesson,
                period=slot.period,
                slot_kind=slot.kind.value,
                cause=self._cause(owed),
            )
            self._writer.run(partial(slot_rows.note_missed, missed=missed, policy=owed.course.stamp))
            self._done.add(slot.id)

    def _keep_clip(self, owed: _Owed) -> None:
        for camera in owed.cameras:
            try:
                kept = cut_clip(self._files, self._segments(camera, owed.slot), owed.slot, camera.id)
            except StorageError as error:
                log.warning("%s: %s", owed.slot.id, error)
                continue
            if kept is not None:
                self._writer.run(partial(_note_clip, row=kept, slot=owed.slot, policy=owed.course.stamp))
                self._done.add(owed.slot.id)
                return

    def _segments(self, camera: Camera, slot: Slot) -> list[Media]:
        window = slot.window
        return media_rows.of_camera(self._elsewhere, camera.id, MediaKind.RECORDING, window.start, window.end)

    def _cause(self, owed: _Owed) -> str:
        """Tell why nothing was there: the gap that covers most of the window knows best."""
        window = owed.slot.window
        noted = [
            (min(gap.end or window.end, window.end) - max(gap.start, window.start), gap.cause)
            for gap in gap_rows.of_lesson(self._elsewhere, owed.lesson.id)
        ]
        share, cause = max(noted, default=(timedelta(0), ""))
        if share > timedelta(0):
            return cause
        return self._why.get(owed.slot.id, UNKNOWN) if owed.cameras else Cause.NO_CAMERA.value


def _owed(slot: Slot, course: Course, programme: Programme) -> _Owed:
    lesson = course.schedule.lessons[slot.lesson]
    return _Owed(slot, lesson, course, tuple(programme.cameras[one] for one in programme.cameras_of(lesson)))


def _void(course: Course, within: Span) -> Iterator[Slot]:
    """Give the slots that are owed no more and whose time has passed."""
    for own in course.schedule.slots.values():
        for slot in own:
            if slot.void and within.start <= slot.window.end < within.end:
                yield slot


def _note_clip(tx: Transaction, row: Media, slot: Slot, policy: str) -> None:
    kept = ClipKept(
        slot=slot.id,
        lesson=slot.lesson,
        camera=row.camera,
        start=row.start,
        end=row.end,
        media=row.id,
        sha256=row.sha256,
        size=row.size,
    )
    if slot_rows.note_taken(tx, kept, policy=policy):
        media_rows.add(tx, row)
