"""课前自检: an hour before a lesson, what would be missing while it can still be mended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.model.camera import CameraState
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.web.views.tasks import State, Task

AHEAD = timedelta(minutes=60)
"""Cameras are asked 60 and 30 minutes ahead by `capture`; the rest is looked at whenever the page is."""


@dataclass(frozen=True, slots=True)
class Check:
    """`what` is cameras, disk, clock, faces or teacher; `have` of `of`, where it is counted."""

    what: str
    ok: bool
    have: int = 0
    of: int = 0
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    task: Task
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def preflights(
    tasks: Iterable[Task], stamp: Stamp, *, enrolled: set[str], confirmed: set[str], free: int, least_free: int
) -> list[Preflight]:
    """Give the checks of the lessons that begin within the hour.

    `enrolled` are trainees with a face template, `confirmed` are teachers whom the district knows.
    """
    return [
        Preflight(task, tuple(_checks(task, stamp, enrolled, confirmed, enough=free >= least_free)))
        for task in tasks
        if task.state is State.UPCOMING and _is_soon(task, stamp.wall)
    ]


def _is_soon(task: Task, now: datetime) -> bool:
    return task.times.start - now <= AHEAD


def _checks(task: Task, stamp: Stamp, enrolled: set[str], confirmed: set[str], *, enough: bool) -> Iterator[Check]:
    online = sum(state is CameraState.ONLINE for state in task.states.values())
    yield Check("cameras", bool(task.cameras) and online == len(task.cameras), online, len(task.cameras))
    yield Check("disk", enough)
    yield Check("clock", stamp.trust is not Trust.UNTRUSTED)
    people = {trainee.id for sheet in task.sheets for trainee in sheet.trainees}
    yield Check("faces", people <= enrolled, len(people & enrolled), len(people))
    yield Check("teacher", task.lesson.teacher in confirmed, subject=task.teacher)
