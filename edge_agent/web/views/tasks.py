"""监控任务: lessons with their cameras, and what is wrong with them now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from edge_agent.checkin.person import Policies
from edge_agent.checkin.sheets import Sheet, sheets
from edge_agent.model.camera import Camera, CameraState
from edge_agent.model.lesson import Lesson
from edge_agent.model.media import MediaKind
from edge_agent.model.people import ClassState, TrainingClass
from edge_agent.rules.policy import Policy
from edge_agent.rules.windows import LessonTimes, lesson_times
from edge_agent.store import cameras, lessons, media, training, verdicts
from edge_agent.store.cameras import Known
from edge_agent.store.database import Connection
from edge_agent.store.verdicts import Given

AHEAD = timedelta(hours=1)
"""A camera that is offline an hour before its lesson can still be mended."""

_GRACE = timedelta(seconds=90)
"""A segment has a row once it is closed, after 60 s; before that nothing says that none is recorded."""


class State(StrEnum):
    UPCOMING = "upcoming"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Prompt(StrEnum):
    """设备未绑定, 设备离线, 监控任务未录制."""

    UNBOUND = "unbound"
    OFFLINE = "offline"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True)
class Task:
    """A lesson with what was found about it; `states` are by camera, `verdict` is None until one was given.

    `by_hand` is when recording by hand begins to be allowed, some minutes before the lesson.
    """

    lesson: Lesson
    training: TrainingClass
    times: LessonTimes
    by_hand: datetime
    state: State
    cameras: tuple[Camera, ...]
    states: dict[str, CameraState]
    sheets: tuple[Sheet, ...]
    verdict: Given | None
    teacher: str
    room: str
    prompts: tuple[Prompt, ...] = ()

    def sheet(self, now: datetime) -> Sheet | None:
        """Give the unit at hand: the first whose sign-out has not closed, else the last."""
        ahead = [each for each in self.sheets if now <= each.unit.sign_out.end]
        return next(iter([*ahead, *reversed(self.sheets)]), None)


def tasks(connection: Connection, policies: Policies, now: datetime, since: date, until: date) -> list[Task]:
    """Give the lessons of running classes between two days, both included, by start."""
    running = training.running_classes(connection)
    bound = {each.id: each for each in cameras.list_cameras(connection)}
    known = cameras.known(connection, now)
    given = {each.lesson: each for each in verdicts.list_given(connection)}
    names = {each.id: each.name for each in training.list_teachers(connection)}
    rooms = training.list_rooms(connection)
    by_lesson: dict[str, list[Sheet]] = {}
    for sheet in sheets(connection, policies, since, until):
        for each in sheet.lessons:
            by_lesson.setdefault(each.id, []).append(sheet)
    found = []
    for lesson in lessons.list_lessons(connection, since=since, until=until):
        if lesson.class_id not in running:
            continue
        policy = policies(running[lesson.class_id].policy).policy
        times = lesson_times(lesson, policy)
        own = _cameras(lesson, bound.values())
        task = Task(
            lesson=lesson,
            training=running[lesson.class_id],
            times=times,
            by_hand=times.start - policy.recording.by_hand_lead,
            state=_state(lesson, times, now),
            cameras=own,
            states={each.id: _seen(known, each.id) for each in own},
            sheets=tuple(by_lesson.get(lesson.id, ())),
            verdict=given.get(lesson.id),
            teacher=names.get(lesson.teacher, lesson.teacher),
            room=rooms.get(lesson.room, lesson.room),
        )
        found.append(replace(task, prompts=tuple(_prompts(connection, task, now))))
    return sorted(found, key=lambda task: (task.times.start, task.lesson.id))


def is_editable(lesson: Lesson, training: TrainingClass, policy: Policy, now: datetime) -> bool:
    """Say whether a form may give the lesson other values; one that has begun is ended early, overrun or cancelled."""
    planned = not lesson.cancelled and training.state is not ClassState.CLOSED
    return planned and now < lesson_times(lesson, policy).start


def _cameras(lesson: Lesson, bound: Iterable[Camera]) -> tuple[Camera, ...]:
    every = list(bound)
    if lesson.cameras:
        return tuple(each for each in every if each.id in lesson.cameras)
    return tuple(each for each in every if each.room == lesson.room)


def _seen(known: dict[str, Known], camera: str) -> CameraState:
    return known[camera].state if camera in known else CameraState.UNKNOWN


def _state(lesson: Lesson, times: LessonTimes, now: datetime) -> State:
    if lesson.cancelled:
        return State.CANCELLED
    if now < times.start:
        return State.UPCOMING
    return State.RUNNING if now <= times.end else State.ENDED


def _prompts(connection: Connection, task: Task, now: datetime) -> Iterable[Prompt]:
    if task.state in {State.CANCELLED, State.ENDED}:
        return
    if not task.cameras:
        yield Prompt.UNBOUND
        return
    if now < task.times.start - AHEAD:
        return
    if any(state is not CameraState.ONLINE for state in task.states.values()):
        yield Prompt.OFFLINE
    is_due = task.state is State.RUNNING and now > task.times.start + _GRACE
    if is_due and not _is_recording(connection, task.lesson, now):
        yield Prompt.NOT_RECORDED


def _is_recording(connection: Connection, lesson: Lesson, now: datetime) -> bool:
    """Say whether a segment was closed lately."""
    segments = media.of_lesson(connection, lesson.id, MediaKind.RECORDING)
    return bool(segments) and now - segments[-1].end < _GRACE * 2
