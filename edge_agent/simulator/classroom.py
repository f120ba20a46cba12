"""A taught class with all its evidence, written through the store as the services write it: for tests and benches."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np

from edge_agent.clock import SettableClock
from edge_agent.evidence.keys import SealSigner, load_or_make
from edge_agent.evidence.keystore import FileKeys
from edge_agent.evidence.package import Made, Source, Wanted, make_package
from edge_agent.evidence.seal import seal_head
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.kinds.attendance import SignedIn, SignedOut
from edge_agent.model.kinds.capture import (
    CameraChecked,
    ClipKept,
    GapClosed,
    RecordingStarted,
    SegmentClosed,
    SlotVoided,
    SnapshotMissed,
    SnapshotTaken,
)
from edge_agent.model.kinds.people import ConsentGiven
from edge_agent.model.lesson import Lesson, Timetable
from edge_agent.model.media import Media, MediaKind
from edge_agent.model.people import ClassState, Trainee, TrainingClass
from edge_agent.model.span import AttendanceUnit, Slot, SlotKind, Span
from edge_agent.policies import LoadedPolicy, load_policy
from edge_agent.rules.plan import Schedule
from edge_agent.rules.windows import lesson_times
from edge_agent.store import attendance, cameras, gaps, lessons, media, slots, training
from edge_agent.store.database import connect
from edge_agent.store.files import MediaFiles
from edge_agent.store.setup import prepare
from edge_agent.store.writer import Transaction, Writer

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2026, 3, 2)
POLICY = load_policy("jinan-2024")
_BY_HAND = 2  # the trainee who has not consented


@dataclass
class Classroom:
    """A finished class `C`, and another class `OTHER` whose facts lie between its own."""

    folder: Path
    clock: SettableClock
    writer: Writer
    files: MediaFiles
    signer: SealSigner
    policy: LoadedPolicy = POLICY

    @property
    def database(self) -> Path:
        return self.folder / "edge_agent.db"

    def sealed(self) -> SealSigner:
        """Seal the head, as `upkeep` does every minute; give the key."""
        seal_head(self.writer, self.signer)
        return self.signer

    def package(self, out: Path, wanted: Wanted | None = None) -> Made:
        self.sealed()
        with closing(connect(self.database, readonly=True)) as connection:
            source = Source(connection, self.files, self.signer, self.policy)
            return make_package(source, wanted or Wanted("C"), out, self.clock.stamp())


def make_classroom(
    folder: Path,
    *,
    trainees: int = 3,
    days: int = 1,
    picture: tuple[int, int] = (64, 36),
    policy: LoadedPolicy = POLICY,
    segment: timedelta = timedelta(days=1),
) -> Classroom:
    """Teach `days` days of two lessons of two periods each.

    The first trainee comes to everything, the second misses the first sign-out, the third comes by hand. The first
    closing snapshot is missed, and the first lesson has a gap of 20 s. A recording is cut into pieces of `segment`.
    Everything is written in the order in which it happens.
    """
    clock = SettableClock(datetime.combine(FIRST_DAY - timedelta(days=10), time(9), SHANGHAI))
    prepare(folder / "edge_agent.db", clock, agent="ea-test")
    writer, files = Writer(folder / "edge_agent.db", clock), MediaFiles(folder / "media")
    room = Classroom(folder, clock, writer, files, load_or_make(FileKeys(folder / "keys" / "seal.key"), writer), policy)
    people = [
        Trainee(f"t{number:02}", "C", f"学员{number:02}", f"3701021990010{number:04}X") for number in range(trainees)
    ]
    timetable = [
        Lesson(f"L{day}{half}", "C", FIRST_DAY + timedelta(days=day), start, 2, room="101", subject="低压电工")
        for day in range(days)
        for half, start in (("a", time(8)), ("b", time(9, 40)))
    ]
    writer.run(partial(_enrol, people=people, timetable=timetable, policy=policy.policy.id))
    schedule = Schedule(Timetable(tuple(timetable), {"101": ("cam1",)}), policy.policy)
    happened: list[tuple[datetime, Callable[[], None]]] = []
    for lesson in timetable:
        happened += _recorded(room, lesson, segment)
        for slot in schedule.slots[lesson.id]:
            missed = slot.id == f"{timetable[0].id}/p2/closing"
            happened.append((slot.target, partial(_snap, room, slot, picture, missed=missed)))
    for unit in schedule.units("C"):
        happened += _attended(room, unit, people, forgot=unit.lessons[0] == timetable[0].id)
    for at, happens in sorted(happened, key=lambda each: each[0]):
        clock.set(max(at, clock.wall))
        happens()
    clock.set(datetime.combine(FIRST_DAY + timedelta(days=days), time(8), SHANGHAI))
    return room


def _enrol(tx: Transaction, *, people: list[Trainee], timetable: list[Lesson], policy: str) -> None:
    for identifier, code in (("C", "JN-2026-001"), ("OTHER", "JN-2026-002")):
        course = TrainingClass(
            identifier,
            code,
            "低压电工一班",
            "创业就业",
            FIRST_DAY,
            FIRST_DAY + timedelta(days=30),
            4 * len(timetable) // 2,
            policy=policy,
        )
        training.save_class(tx, course, by="admin")
        training.set_class_state(tx, identifier, ClassState.APPROVED, by="admin")
    training.save_room(tx, "101", "101 教室", by="admin")
    cameras.save_camera(tx, Camera("cam1", "前方", CameraKind.RTSP, "101", "rtsp://127.0.0.1/main"))
    training.save_trainees(tx, people)
    for lesson in timetable:
        lessons.save_lesson(tx, lesson, change="added", by="admin")
    for person in people[:2]:
        tx.append(ConsentGiven(trainee=person.id, purpose="recognise", text="2026-01", at=tx.stamp.wall))


def _recorded(room: Classroom, lesson: Lesson, segment: timedelta) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """Give the lesson's segments, the first lesson's gap between them, with the moments at which they are closed."""
    taught = lesson_times(lesson, room.policy.policy).taught
    hole = taught.start + timedelta(minutes=30)
    gap = Span(hole, hole + timedelta(seconds=20))
    first = lesson.id == "L0a"
    for minutes in (60, 30):
        checked = CameraChecked(camera="cam1", lesson=lesson.id, minutes_before=minutes, ok=True)
        yield taught.start - timedelta(minutes=minutes), partial(_append, room, checked)
    begun = RecordingStarted(lesson=lesson.id, camera="cam1", at=taught.start, trigger="plan")
    yield taught.start, partial(_append, room, begun)
    for whole in [Span(taught.start, hole), Span(gap.end, taught.end)] if first else [taught]:
        start = whole.start
        while start < whole.end:
            piece = Span(start, min(start + segment, whole.end))
            yield piece.end, partial(_record, room, lesson, piece)
            start = piece.end
    if first:
        closed = GapClosed(camera="cam1", lesson=lesson.id, start=gap.start, end=gap.end, cause="timeout")
        yield gap.end, lambda: room.writer.run(lambda tx: gaps.close_gap(tx, closed))


def _append(room: Classroom, payload: CameraChecked | RecordingStarted) -> None:
    room.writer.append(payload)


def _record(room: Classroom, lesson: Lesson, piece: Span) -> None:
    stored = room.files.store(MediaKind.RECORDING, ".mp4", f"video {piece.start}".encode() * 50, piece.start)
    row = Media(
        media.new_media_id(),
        MediaKind.RECORDING,
        stored.path,
        stored.sha256,
        stored.size,
        piece.start,
        piece.end,
        lesson.id,
        "cam1",
    )
    fact = SegmentClosed(
        media=row.id,
        camera="cam1",
        lessons=(lesson.id,),
        start=piece.start,
        end=piece.end,
        sha256=stored.sha256,
        size=stored.size,
        codec="h264",
        width=1920,
        height=1080,
    )
    room.writer.run(partial(_keep, row=row, fact=fact, policy=room.policy.stamp))


def _keep(tx: Transaction, *, row: Media, fact: SegmentClosed | SnapshotTaken | ClipKept, policy: str) -> None:
    media.add(tx, row)
    if isinstance(fact, SegmentClosed):
        tx.append(fact)
    else:
        slots.note_taken(tx, fact, policy=policy)


def _snap(room: Classroom, slot: Slot, size: tuple[int, int], *, missed: bool) -> None:
    if missed or slot.void:
        absent = SnapshotMissed(
            slot=slot.id, lesson=slot.lesson, period=slot.period, slot_kind=slot.kind.value, cause="offline"
        )
        void = SlotVoided(slot=slot.id, lesson=slot.lesson, reason=slot.void)
        room.writer.run(lambda tx: slots.note_void(tx, void) if slot.void else slots.note_missed(tx, absent))
        return
    is_clip = slot.kind is SlotKind.CLIP
    kind, suffix, mime = (
        (MediaKind.CLIP, ".mp4", "video/mp4") if is_clip else (MediaKind.SNAPSHOT, ".jpg", "image/jpeg")
    )
    content = f"clip {slot.id}".encode() * 50 if is_clip else _picture(slot, size)
    stored = room.files.store(kind, suffix, content, slot.target)
    end = slot.target + slot.length
    row = Media(
        media.new_media_id(),
        kind,
        stored.path,
        stored.sha256,
        stored.size,
        slot.target,
        end,
        slot.lesson,
        "cam1",
        mime,
    )
    fact = _clip(slot, row) if is_clip else _snapshot(slot, row)
    room.writer.run(partial(_keep, row=row, fact=fact, policy=room.policy.stamp))


def _picture(slot: Slot, size: tuple[int, int]) -> bytes:
    dice = np.random.default_rng(zlib.crc32(slot.id.encode()))
    _, data = cv2.imencode(".jpg", dice.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))
    return data.tobytes()


def _snapshot(slot: Slot, row: Media) -> SnapshotTaken:
    return SnapshotTaken(
        slot=slot.id,
        lesson=slot.lesson,
        period=slot.period,
        slot_kind=slot.kind.value,  # type: ignore[arg-type] # a clip has a fact of its own
        camera="cam1",
        at=slot.target,
        source="live",
        media=row.id,
        sha256=row.sha256,
        size=row.size,
    )


def _clip(slot: Slot, row: Media) -> ClipKept:
    return ClipKept(
        slot=slot.id,
        lesson=slot.lesson,
        camera="cam1",
        start=row.start,
        end=row.end,
        media=row.id,
        sha256=row.sha256,
        size=row.size,
    )


def _attended(
    room: Classroom, unit: AttendanceUnit, people: list[Trainee], *, forgot: bool
) -> Iterator[tuple[datetime, Callable[[], None]]]:
    for number, person in enumerate(people):
        shift = timedelta(seconds=3 * number)
        # Who forgot to sign out is held at the next unit's door until that sign-out window has closed.
        arrives = unit.sign_in.end - timedelta(minutes=1) if number == 1 else unit.sign_in.start + shift
        yield arrives, partial(_tap, room, unit, person, SignedIn, arrives)
        if not (forgot and number == 1):
            leaves = unit.sign_out.start + shift
            yield leaves, partial(_tap, room, unit, person, SignedOut, leaves)


def _tap(
    room: Classroom, unit: AttendanceUnit, person: Trainee, kind: type[SignedIn | SignedOut], at: datetime
) -> None:
    by_hand = person.id == f"t{_BY_HAND:02}"
    tap = kind(
        unit=unit.id,
        class_id="C",
        lesson=unit.lessons[0],
        trainee=person.id,
        at=at,
        method="manual" if by_hand else "face",
        visit=f"{person.id}-{at:%d%H%M%S}",
        kiosk="k1",
        reason="未授权人脸识别" if by_hand else "",
    )
    record = partial(attendance.record, tap=tap, by="teacher" if by_hand else "", policy=room.policy.stamp)
    room.writer.run(record)
