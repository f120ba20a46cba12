"""需要处理: what needs a hand now, over the whole venue, the most urgent first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge_agent.checkin.sheets import Phase
from edge_agent.model.people import ClassState, TrainingClass
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.web.site import Doubt
from edge_agent.web.views.tasks import Prompt, State, Task

CLOSING = timedelta(minutes=5)
"""So long before sign-in closes those who are missing are named."""

LEAD = timedelta(days=10)
"""So long before a class opens it is asked whether it was submitted."""


@dataclass(frozen=True, slots=True)
class Hand:
    """`code` is what it is, `subject` whom it concerns, `count` how many; `lesson` or `class_id` is where to go."""

    code: str
    level: str
    subject: str = ""
    count: int = 0
    lesson: str = ""
    class_id: str = ""
    camera: str = ""


def hands(
    tasks: Iterable[Task],
    classes: Iterable[TrainingClass],
    doubts: Iterable[Doubt],
    stamp: Stamp,
    *,
    waiting: int,
    free: int,
    least_free: int,
) -> list[Hand]:
    """Give them; `waiting` are provisional taps, `free` bytes on the media disk, `least_free` what it should have."""
    now = stamp.wall
    found = [
        *_clock(stamp, waiting),
        *(hand for task in tasks for hand in _of_task(task, now)),
        *(Hand("class_not_submitted", "warn", each.name, class_id=each.id) for each in classes if _is_late(each, now)),
    ]
    recent = [doubt for doubt in doubts if now - doubt.at < timedelta(minutes=10)]
    if recent:
        found.append(Hand("doubts", "warn", count=len(recent)))
    if free < least_free:
        found.append(Hand("disk", "bad", count=free))
    return sorted(found, key=lambda hand: hand.level != "bad")


def _clock(stamp: Stamp, waiting: int) -> Iterator[Hand]:
    if stamp.trust is Trust.UNTRUSTED:
        yield Hand("clock", "bad", count=waiting)
    elif waiting:
        yield Hand("provisional", "warn", count=waiting)


def _of_task(task: Task, now: datetime) -> Iterator[Hand]:
    name = f"{task.training.name} {task.lesson.subject}".strip()
    soon = task.state is State.RUNNING or now > task.times.start - timedelta(hours=1)
    for prompt in task.prompts:
        camera = next((each.id for each in task.cameras if task.states[each.id] != "online"), "")
        level = "bad" if soon and prompt is not Prompt.UNBOUND else "warn"
        yield Hand(prompt.value, "bad" if soon else level, name, lesson=task.lesson.id, camera=camera)
    for sheet in task.sheets:
        if sheet.phase(now) is Phase.SIGN_IN and sheet.absent and now > sheet.unit.sign_in.end - CLOSING:
            yield Hand("not_signed_in", "warn", name, len(sheet.absent), lesson=task.lesson.id)
        if sheet.phase(now) is Phase.SIGN_OUT and sheet.present and now > sheet.unit.sign_out.end - CLOSING:
            yield Hand("not_signed_out", "bad", name, len(sheet.present), lesson=task.lesson.id)
    if task.verdict is not None and task.verdict.verdict in {"partial", "missing"}:
        yield Hand("incomplete", "bad", name, lesson=task.lesson.id)


def _is_late(each: TrainingClass, now: datetime) -> bool:
    return each.state is ClassState.DRAFT and each.opens is not None and each.opens - now.date() <= LEAD
