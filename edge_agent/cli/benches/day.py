"""What an ordinary day writes to the disk for its database: the SD card's wear.

The day is taught in a minute by the parts that the services are made of (desk, archive, slots, upkeep, outbox), with a
commit for each thing that happens, on a clock that is moved. Counted are all bytes that the process writes, as the
kernel counts them, write-ahead log and checkpoints, marks and metrics included; media are taken off.
"""

from __future__ import annotations

import io
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import av
import numpy as np
import typer

from edge_agent.capture.archive import Archive
from edge_agent.capture.reader import Shape
from edge_agent.capture.shots import Album, Shot
from edge_agent.capture.tape import Recorded
from edge_agent.checkin.desk import Desk
from edge_agent.checkin.visit import Visit
from edge_agent.cli.bench import Bench
from edge_agent.cli.benches._class import BY, Taught
from edge_agent.clock import SettableClock
from edge_agent.errors import DeviceError
from edge_agent.model.camera import Camera, CameraKind
from edge_agent.model.kinds.attendance import Recognition
from edge_agent.model.kinds.capture import SnapshotTaken
from edge_agent.model.kinds.system import MediaConfirmed
from edge_agent.model.lesson import Lesson, Timetable
from edge_agent.model.media import Media
from edge_agent.model.span import Slot, SlotKind
from edge_agent.policies import load_policy
from edge_agent.rules.plan import Schedule, compile_schedule
from edge_agent.serve.agent import Agent, open_agent, prepare_agent
from edge_agent.serve.upkeep import Upkeep
from edge_agent.settings import Settings, Store
from edge_agent.store import cameras, kiosks, outbox, slots, uploads
from edge_agent.store import media as media_rows
from edge_agent.store.facts import fact_id, read_head
from edge_agent.store.writer import Transaction
from edge_agent.sync.dispatch import COUNTERSIGN_SECONDS

POLICY = load_policy("jinan-2024")
DAY = date(2026, 3, 2)
STARTS, PERIODS = (time_of_day(8), time_of_day(10), time_of_day(13, 30), time_of_day(15, 30)), 2
ROOM = "101"
QUIET, BUSY = 60.0, 5.0
"""Seconds between two looks of `upkeep`; it notes a new head every five, and seals it every sixty."""

TARGET_MB = 20


def teach(
    trainees: Annotated[int, typer.Option(min=1, help="Trainees, who sign in and out of four units.")] = 50,
    count: Annotated[int, typer.Option("--cameras", min=1, help="Cameras that record all of it.")] = 2,
) -> Bench:
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ea-", dir=".")))
        settings = Settings(agent="ea-bench", store=Store(data_dir=folder))
        prepare_agent(settings)
        clock = SettableClock(datetime.combine(DAY, time_of_day(0), POLICY.policy.zone))
        day = _Day(stack.enter_context(open_agent(settings, clock=clock)), clock, trainees, count)
        before = _written()
        day.live()
        database = settings.store.database
        figures: dict[str, float | int | str] = {
            "trainees": trainees,
            "periods": PERIODS * len(STARTS),
            "cameras": count,
            "facts": day.facts,
            "segments": day.segments,
            "taps": day.taps,
            "written_mb": round((_written() - before - day.media) / 1e6, 2),
            "database_grown_mb": round(database.stat().st_size / 1e6, 2),
            "took_s": round(time.monotonic() - began, 1),
        }
    return Bench("day", figures, {"written_vs_20_mb": round(float(figures["written_mb"]) / TARGET_MB, 3)})


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    at: datetime
    number: int
    act: Callable[[], object]


class _Day:
    """`media` are the bytes of files, which are not the database's."""

    def __init__(self, agent: Agent, clock: SettableClock, trainees: int, count: int) -> None:
        self._agent, self._clock = agent, clock
        self._reader = agent.connect()
        taught = Taught(ROOM, tuple(datetime.combine(DAY, start) for start in STARTS), PERIODS)
        self._people, self._lessons = agent.writer.run(lambda tx: taught.save(tx, trainees=trainees))
        self._cameras = [f"cam{number}" for number in range(count)]
        agent.writer.run(self._bind)
        self._schedule: Schedule = compile_schedule(
            Timetable(tuple(self._lessons), {ROOM: tuple(self._cameras)}), POLICY.policy
        )
        self._desk = Desk(agent.writer, cache(load_policy))
        self._archive = Archive(agent.writer, agent.files, lambda *_: (self._lesson_now().id,))
        self._album = Album(agent.writer, agent.files)
        self._upkeep = Upkeep(agent)
        self._video = _segment()
        self._picture = np.zeros((36, 64, 3), np.uint8)
        self._sign_at = 0.0
        self.media = self.segments = self.taps = self.facts = 0

    def live(self) -> None:
        """From midnight to midnight; `upkeep` looks often where something happened, and sync acknowledges it."""
        end = datetime.combine(DAY + timedelta(days=1), time_of_day(0), POLICY.policy.zone)
        for event in sorted(self._events()):
            self._rest(event.at)
            self._clock.set(max(event.at, self._clock.wall))
            event.act()
            self._acknowledge()
        self._rest(end)
        self._upkeep.close()
        self._archive.close()
        self.facts = read_head(self._reader).seq
        self._reader.close()

    def _bind(self, tx: Transaction) -> None:
        for camera in self._cameras:
            cameras.save_camera(tx, Camera(camera, camera, CameraKind.RTSP, ROOM, "rtsp://127.0.0.1/"))
        kiosks.save_kiosk(tx, kiosks.Kiosk("k1", "k1", ROOM), by=BY)

    def _rest(self, until: datetime) -> None:
        """Let time pass, with what `upkeep` does meanwhile; segments that ended together were stored together."""
        if until > self._clock.wall:
            while not self._archive.settle():
                time.sleep(0.001)
        while (left := (until - self._clock.wall).total_seconds()) >= BUSY:
            self._upkeep.tick()
            self._clock.advance(min(left, BUSY if left < QUIET else QUIET))

    def _events(self) -> Iterator[_Event]:
        for number, (at, act) in enumerate(self._happenings()):
            yield _Event(at, number, act)

    def _happenings(self) -> Iterator[tuple[datetime, Callable[[], object]]]:
        (class_id,) = {lesson.class_id for lesson in self._lessons}
        for unit in self._schedule.units(class_id):
            for number, person in enumerate(self._people):
                shift = timedelta(seconds=7 * number)
                yield unit.sign_in.start + shift, partial(self._tap, person)
                yield unit.sign_out.start + timedelta(minutes=1) + shift, partial(self._tap, person)
        for recording in self._schedule.recordings:
            start = recording.span.start
            while start < recording.span.end:
                end = min(start + timedelta(minutes=1), recording.span.end)
                yield end, partial(self._record, recording.camera, start, end)
                start = end
        for owed in self._schedule.slots.values():
            for slot in owed:
                yield slot.target, partial(self._snap, slot)
        minute = datetime.combine(DAY, time_of_day(7, 30), POLICY.policy.zone)
        while minute.hour < 18:  # noqa: PLR2004 - the kiosk is open from half past seven to six
            yield minute, lambda: self._agent.writer.run(lambda tx: kiosks.note_seen(tx, "k1"))
            minute += timedelta(minutes=1)

    def _lesson_now(self) -> Lesson:
        begun = [each for each in self._lessons if each.start <= self._clock.wall.time()]
        return begun[-1] if begun else self._lessons[0]

    def _tap(self, person: str) -> None:
        seen = Recognition(engine="opencv/sface-2021dec", score=0.61, margin=0.3, frames=3, liveness="passive")
        visit = Visit(
            id=secrets.token_hex(8), stamp=self._clock.stamp(), method="face", room=ROOM, kiosk="k1", recognition=seen
        )
        if not any(reply.said.counts for reply in self._desk.tap(person, visit)):
            raise DeviceError("A tap of the day was not accepted.")
        self.taps += 1

    def _record(self, camera: str, start: datetime, end: datetime) -> None:
        pending = self._archive.create()
        pending.write(self._video)
        shape = Shape("h264", 64, 36, b"")
        self._archive.submit(
            Recorded(
                file=pending,
                start=start,
                end=end,
                clock=self._clock.stamp(),
                shape=shape,
                audio=False,
                cause=None,
                torn=False,
            ),
            camera,
            "main",
        )
        self.media += len(self._video)
        self.segments += 1

    def _snap(self, slot: Slot) -> None:
        def note(tx: Transaction, row: Media, alike: str) -> bool:
            taken = SnapshotTaken(
                slot=slot.id,
                lesson=slot.lesson,
                period=slot.period,
                slot_kind=slot.kind.value,  # type: ignore[arg-type] # the policy owes pictures, no clips
                camera=row.camera,
                at=row.start,
                source="live",
                media=row.id,
                sha256=row.sha256,
                size=row.size,
                phash=alike,
            )
            return slots.note_taken(tx, taken, policy=POLICY.stamp)

        if slot.kind is SlotKind.CLIP:
            return
        row = self._album.keep(Shot(self._cameras[0], slot.target, self._picture, "live"), slot.lesson, ["1"], note)
        if row is None:
            raise DeviceError("A snapshot of the day was not kept.")
        self.media += row.size
        self._upload(row)

    def _upload(self, row: Media) -> None:
        def confirmed(tx: Transaction) -> None:
            media_rows.confirm(tx, row.id, row.sha256, by="centre")
            uploads.finish(tx, row.id)
            tx.append(MediaConfirmed(by="centre", media=(row.id,)))

        self._agent.writer.run(lambda tx: uploads.begin(tx, row.id, f"http://127.0.0.1/files/{row.id}"))
        self._agent.writer.run(confirmed)

    def _acknowledge(self) -> None:
        """What the sync service notes when the centre has everything: its word, and how far it goes."""
        head = read_head(self._reader)
        identifier = fact_id(head.epoch, head.seq)
        if outbox.find_acked(self._reader) == identifier:
            return

        signs = self._clock.boottime() >= self._sign_at
        if signs:
            self._sign_at = self._clock.boottime() + COUNTERSIGN_SECONDS

        def note(tx: Transaction) -> None:
            outbox.set_acked(tx, identifier)
            if signs:
                outbox.keep_countersignature(tx, identifier, "x" * 240, "y" * 64, "z" * 128)

        self._agent.writer.run(note)


def _written() -> int:
    """Give the bytes that this process has written so far (proc(5): wchar)."""
    (line,) = (line for line in Path("/proc/self/io").read_text().splitlines() if line.startswith("wchar:"))
    return int(line.split()[1])


def _segment() -> bytes:
    """Give a minute of video with the fragments that a recorder makes, small."""
    out = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "500000"}
    with av.open(out, "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=2, options={"g": "2", "preset": "ultrafast"})
        stream.width, stream.height = 64, 36
        for _ in range(120):
            frame = av.VideoFrame.from_ndarray(np.zeros((36, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())
    return out.getvalue()
