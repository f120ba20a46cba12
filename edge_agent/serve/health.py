"""Gathers what the health checks judge, from every part: the only place that knows them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

from edge_agent.errors import EdgeAgentError
from edge_agent.faces.manifest import Model, read_manifest, weights_folder
from edge_agent.model.lesson import Timetable
from edge_agent.policies import load_policy
from edge_agent.rules.plan import Schedule, compile_schedule
from edge_agent.rules.windows import lesson_times
from edge_agent.serve.agent import Agent
from edge_agent.settings import Settings
from edge_agent.store import cameras, law, media, outbox, verdicts
from edge_agent.store.archive import ArchiveDisk
from edge_agent.store.archived import read_place
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_head
from edge_agent.store.lessons import get_lesson, load_timetables
from edge_agent.store.training import get_class
from edge_agent.sync.identity import IdentityFolder
from edge_agent.upkeep.archivist import KINDS, ArchiveState, ArchiveView
from edge_agent.upkeep.board import read_boards
from edge_agent.upkeep.certificates import certificate_ends
from edge_agent.upkeep.disk import MB, Forecast, forecast
from edge_agent.upkeep.health.lessons import RECENT
from edge_agent.upkeep.health.view import CameraView, LessonView, View
from edge_agent.upkeep.sensors import celsius, under_voltage
from edge_agent.upkeep.space import level_now, reserves

DEFAULT_RATE = 500_000.0
"""Bytes a second of a camera before anything was recorded here: 4 Mbit/s, what 1080p cameras come set to."""


def gather(
    agent: Agent,
    connection: Connection,
    *,
    database_faults: Sequence[str] = (),
    archive: ArchiveView | None = None,
) -> View:
    """Read the device's state; what one part can't tell is left out, and its check says so.

    `archive` is what `upkeep` knows of the archive disk; without it, the disk itself is looked at.
    """
    settings, stamp = agent.settings, agent.clock.stamp()
    schedules, policy_faults = _schedules(connection, settings, stamp.wall)
    known = cameras.known(connection, stamp.wall)
    acked = outbox.find_acked(connection)
    backlog = outbox.read_backlog(connection, acked)
    oldest = None if backlog.oldest is None else datetime.fromisoformat(backlog.oldest)
    try:
        free, level = agent.files.free(), level_now(agent.files, settings.disk)
    except OSError:
        free, level = None, None
    return View(
        stamp=stamp,
        cameras={
            camera.id: CameraView(camera.name, known.get(camera.id), _wanted(schedules, camera.id, stamp.wall))
            for camera in cameras.list_cameras(connection)
        },
        free_bytes=free,
        disk_level=level,
        forecast=None if free is None else _forecast(agent, connection, schedules, stamp.wall, free),
        database_faults=database_faults,
        model_states=_model_states(settings),
        assessment=law.registered(connection, configured=settings.faces.impact_assessment),
        faces_wanted=settings.faces.enabled,
        provisioned=IdentityFolder(settings.store.data_dir).known,
        sealed=settings.sealed,
        unsent=backlog.count,
        unsent_for=timedelta(0) if oldest is None else max(timedelta(0), stamp.wall - oldest),
        certificates=dict(certificate_ends(settings.store.data_dir)),
        policy_faults=policy_faults,
        celsius=celsius(),
        under_voltage=under_voltage(),
        archive=archive or _archive(settings, connection),
        lessons=list(_lessons(connection, stamp.wall)),
        boards=read_boards(settings.store.data_dir),
    )


def archive_disk(settings: Settings, connection: Connection) -> ArchiveDisk | None:
    """Give the archive disk that is configured."""
    folder = settings.archive.folder
    return None if folder is None else ArchiveDisk(folder, read_head(connection).agent, beside=settings.store.media)


def _archive(settings: Settings, connection: Connection) -> ArchiveView | None:
    disk = archive_disk(settings, connection)
    if disk is None:
        return None
    state = ArchiveState.ABSENT
    if disk.is_there():
        state = ArchiveState.FULL if disk.free() < settings.archive.keep_free_mb * MB else ArchiveState.WELL
    return ArchiveView(state, media.count_unarchived(connection, read_place(connection), KINDS))


def _lessons(connection: Connection, now: datetime) -> Iterator[LessonView]:
    """Give the verdicts of the last day."""
    for given in verdicts.list_given(connection, since=now - RECENT):
        lesson, group = get_lesson(connection, given.lesson), get_class(connection, given.class_id)
        title = f"{lesson.date:%m-%d} {lesson.start:%H:%M} {lesson.subject}".strip()
        yield LessonView(group.code, title, given.verdict, given.reasons, given.at)


def _schedules(connection: Connection, settings: Settings, now: datetime) -> tuple[list[Schedule], list[str]]:
    """Give the schedules of the days ahead, and the policies that can't be used."""
    since = (now - timedelta(days=1)).date()
    timetables: Mapping[str, Timetable] = load_timetables(connection, since=since, until=since + timedelta(days=30))
    found, faults = [], []
    for name in dict.fromkeys([settings.policy, *timetables]):
        try:
            policy = load_policy(name).policy
        except EdgeAgentError as error:
            faults.append(error.message)
            continue
        if name in timetables:
            found.append(compile_schedule(timetables[name], policy))
    return found, faults


def _wanted(schedules: Sequence[Schedule], camera: str, now: datetime) -> datetime | None:
    """Give when the next lesson of a camera starts; now for one that runs."""
    spans = [
        recording.taught
        for schedule in schedules
        for recording in schedule.recordings
        if recording.camera == camera and recording.taught.end > now
    ]
    return max(now, min(spans).start) if spans else None


def _forecast(
    agent: Agent, connection: Connection, schedules: Sequence[Schedule], now: datetime, free: int
) -> Forecast:
    planned: dict[date, list[float]] = {}
    for schedule in schedules:
        for lesson in schedule.timetable.lessons:
            taught = lesson_times(lesson, schedule.policy).taught
            if taught.start > now and not lesson.cancelled:
                seconds = taught.length.total_seconds() * len(schedule.timetable.cameras(lesson))
                planned.setdefault(lesson.date, []).append(seconds)
    rate = media.recording_rate(connection) or DEFAULT_RATE
    keep = reserves(agent.settings.disk)
    return forecast(free - keep.substream, planned, rate, days=agent.settings.disk.forecast_days)


def _model_states(settings: Settings) -> Mapping[str, str]:
    where = weights_folder(settings.faces.models_dir, settings.store.data_dir)
    return {model.name: _model_state(model, where, _touched(where / model.name)) for model in _manifest().of("opencv")}


_manifest = cache(read_manifest)


@lru_cache(maxsize=16)
def _model_state(model: Model, folder: Path, touched: tuple[int, int] | None) -> str:
    """A file is hashed when it has changed, not at every look: forty megabytes each half minute warm a small board."""
    del touched
    return model.state(folder).value


def _touched(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size
    return None
