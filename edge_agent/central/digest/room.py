"""What happened in the room, out of facts: sign-ins and sign-outs, pictures, recordings, cameras, alarms."""

from __future__ import annotations

from edge_agent.central.chains import place
from edge_agent.central.digest.batch import Batch, Read, handles, micros
from edge_agent.model.kinds.attendance import Corrected, Counted, SignedIn, SignedOut
from edge_agent.model.kinds.capture import (
    CameraBound,
    CameraStateChanged,
    CameraUnbound,
    GapClosed,
    HeadsCounted,
    SegmentClosed,
    SegmentDated,
    SlotVoided,
    SnapshotByHand,
    SnapshotMissed,
    SnapshotTaken,
)
from edge_agent.model.kinds.system import AlarmCleared, AlarmRaised, MediaDeleted, MediaLost


@handles(SignedIn, SignedOut)
def _counted(batch: Batch, read: Read, data: Counted) -> None:
    side = "in" if isinstance(data, SignedIn) else "out"
    batch.run(
        f"INSERT INTO attendance(agent, unit, trainee, class_id, lesson, {side}_at, {side}_how, {side}_fact)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT(agent, unit, trainee) DO UPDATE SET"
        f" {side}_at = excluded.{side}_at, {side}_how = excluded.{side}_how, {side}_fact = excluded.{side}_fact",
        batch.agent,
        data.unit,
        data.trainee,
        data.class_id,
        data.lesson,
        micros(data.at),
        data.method,
        read.place,
    )


@handles(Corrected)
def _corrected(batch: Batch, _: Read, data: Corrected) -> None:
    """The fact that it names no longer counts; one that came later in its place does."""
    epoch, seq = data.names.split("/")
    named = place(int(epoch), int(seq))
    side = data.direction
    batch.run(
        f"UPDATE attendance SET {side}_at = NULL, {side}_how = '', corrected = %s"
        f" WHERE agent = %s AND unit = %s AND trainee = %s AND {side}_fact = %s",
        data.reason,
        batch.agent,
        data.unit,
        data.trainee,
        named,
    )


@handles(SnapshotTaken)
def _taken(batch: Batch, _: Read, data: SnapshotTaken) -> None:
    _slot(
        batch,
        data.lesson,
        data.slot,
        data.period,
        data.slot_kind,
        state="taken",
        at=micros(data.at),
        camera=data.camera,
        source=data.source,
        media=data.media,
        heads=data.heads,
    )


@handles(SnapshotByHand)
def _by_hand(batch: Batch, _: Read, data: SnapshotByHand) -> None:
    slot = f"hand/{data.media}"
    _slot(
        batch,
        data.lesson,
        slot,
        None,
        "hand",
        state="taken",
        at=micros(data.at),
        camera=data.camera,
        source="live",
        media=data.media,
    )


@handles(SnapshotMissed)
def _missed(batch: Batch, _: Read, data: SnapshotMissed) -> None:
    _slot(batch, data.lesson, data.slot, data.period, data.slot_kind, state="missed", cause=data.cause)


@handles(SlotVoided)
def _voided(batch: Batch, _: Read, data: SlotVoided) -> None:
    _slot(batch, data.lesson, data.slot, None, "void", state="void", cause=data.reason)


def _slot(
    batch: Batch,
    lesson: str,
    slot: str,
    period: int | None,
    kind: str,
    *,
    state: str,
    at: int | None = None,
    camera: str = "",
    source: str = "",
    media: str = "",
    heads: int | None = None,
    cause: str = "",
) -> None:
    """A slot that was missed is taken when a frame of our own recording is drawn for it later."""
    batch.run(
        "INSERT INTO snapshots VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT(agent, lesson, slot) DO UPDATE SET state = excluded.state, at = excluded.at,"
        " camera = excluded.camera, source = excluded.source, media = excluded.media, heads = excluded.heads,"
        " cause = excluded.cause",
        *(batch.agent, lesson, slot, period, kind, state, at, camera, source, media, heads, cause),
    )


@handles(HeadsCounted)
def _heads(batch: Batch, _: Read, data: HeadsCounted) -> None:
    batch.run("UPDATE snapshots SET heads = %s WHERE agent = %s AND media = %s", data.heads, batch.agent, data.media)


@handles(SegmentClosed)
def _segment(batch: Batch, read: Read, data: SegmentClosed) -> None:
    for lesson in data.lessons:
        grown = batch.lesson(lesson)
        grown.segments += 1
        grown.seconds += (data.end - data.start).total_seconds()
        grown.bytes += data.size
        grown.note(read.place)


@handles(SegmentDated)
def _dated(batch: Batch, read: Read, data: SegmentDated) -> None:
    """It was filed by a clock that was wrong: out of those lessons, into these."""
    for lesson in {*data.before, *data.lessons}:
        step = (lesson in data.lessons) - (lesson in data.before)
        grown = batch.lesson(lesson)
        grown.segments += step
        grown.seconds += step * (data.end - data.start).total_seconds()
        grown.bytes += step * data.size
        grown.note(read.place)


@handles(GapClosed)
def _gap(batch: Batch, read: Read, data: GapClosed) -> None:
    if data.lesson:
        grown = batch.lesson(data.lesson)
        grown.gaps += 1
        grown.note(read.place)


@handles(MediaDeleted, MediaLost)
def _gone(batch: Batch, _: Read, data: MediaDeleted | MediaLost) -> None:
    cause = data.rule if isinstance(data, MediaDeleted) else data.cause
    batch.run("INSERT INTO media_gone VALUES (%s, %s, %s) ON CONFLICT DO NOTHING", batch.agent, data.media, cause)


@handles(CameraBound)
def _bound(batch: Batch, _: Read, data: CameraBound) -> None:
    batch.run(
        "INSERT INTO cameras(agent, camera, name, room) VALUES (%s, %s, %s, %s) ON CONFLICT(agent, camera)"
        " DO UPDATE SET name = excluded.name, room = excluded.room, bound = 1",
        *(batch.agent, data.camera, data.name, data.room),
    )


@handles(CameraUnbound)
def _unbound(batch: Batch, _: Read, data: CameraUnbound) -> None:
    batch.run("UPDATE cameras SET bound = 0 WHERE agent = %s AND camera = %s", batch.agent, data.camera)


@handles(CameraStateChanged)
def _camera_state(batch: Batch, _: Read, data: CameraStateChanged) -> None:
    batch.run(
        "UPDATE cameras SET state = %s, at = %s WHERE agent = %s AND camera = %s",
        *(data.state, micros(data.at), batch.agent, data.camera),
    )


@handles(AlarmRaised)
def _alarm(batch: Batch, read: Read, data: AlarmRaised) -> None:
    batch.run(
        "INSERT INTO alarms VALUES (%s, %s, %s, %s, %s) ON CONFLICT(agent, alarm)"
        " DO UPDATE SET level = excluded.level, detail = excluded.detail, at = excluded.at",
        *(batch.agent, data.alarm, data.level, data.detail, read.at),
    )


@handles(AlarmCleared)
def _alarm_cleared(batch: Batch, _: Read, data: AlarmCleared) -> None:
    batch.run("DELETE FROM alarms WHERE agent = %s AND alarm = %s", batch.agent, data.alarm)
