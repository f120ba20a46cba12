"""监控任务: cameras of lessons, recordings by hand, what was recorded and photographed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import Field

from edge_agent.evidence.record import read_class
from edge_agent.model.camera import CameraState
from edge_agent.model.media import MediaKind
from edge_agent.rules.slots import Fate
from edge_agent.store import media
from edge_agent.store.lessons import get_lesson
from edge_agent.store.training import get_class
from edge_agent.web.actions.files import find_media, locate
from edge_agent.web.actions.recordings import record_by_hand
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Pages, Slice, Told
from edge_agent.web.guard import Administrator, Staff
from edge_agent.web.views.tasks import Prompt, State, Task, tasks

router = APIRouter(tags=["recordings"])


class CamerasForm(Form):
    """`revision` is the lesson's that the form was made from."""

    revision: Annotated[int, Field(ge=1)]
    cameras: Annotated[list[Identifier], Field(max_length=16)]


class RecordForm(Form):
    lessons: Annotated[list[Identifier], Field(min_length=1, max_length=50)]
    action: Literal["start", "stop"]


class TaskCamera(Told):
    id: str
    name: str
    state: CameraState


class TaskTold(Told):
    """`verdict` is empty until one was given."""

    lesson: str
    class_id: str
    room: str
    subject: str
    starts: Instant
    ends: Instant
    state: State
    cameras: list[TaskCamera]
    prompts: list[Prompt]
    verdict: str


class MediaTold(Told):
    id: str
    kind: MediaKind
    sha256: str
    size: int
    mime: str
    start: Instant
    end: Instant
    lesson: str
    camera: str
    confirmed: Instant | None
    requested: bool
    deleted: Instant | None


class SlotTold(Told):
    """`start` and `end` are the window. `judging` is after it, until the recorder has said what there is."""

    id: str
    start: Instant
    end: Instant
    state: Fate
    media: str
    cause: str


def task_told(task: Task) -> TaskTold:
    return TaskTold(
        lesson=task.lesson.id,
        class_id=task.training.id,
        room=task.room,
        subject=task.lesson.subject,
        starts=task.times.start,
        ends=task.times.end,
        state=task.state,
        cameras=[TaskCamera(id=each.id, name=each.name, state=task.states[each.id]) for each in task.cameras],
        prompts=list(task.prompts),
        verdict=task.verdict.verdict if task.verdict else "",
    )


@router.get("/tasks")
def monitoring(
    visitor: Staff, paging: Pages, since: dt.date | None = None, until: dt.date | None = None
) -> Slice[TaskTold]:
    """Give lessons with their cameras and prompts; today's by default."""
    today = visitor.now.astimezone(visitor.zone).date()
    with visitor.reading() as connection:
        found = tasks(connection, visitor.site.policies, visitor.now, since or today, until or since or today)
    return paging.slice(found, task_told)


@router.put("/lessons/{lesson}/cameras")
def associate(lesson: Identifier, form: CamerasForm, visitor: Administrator) -> Done:
    """关联设备: these cameras instead of the room's; none at all gives it the room's again.

    Raises 409 where the lesson was changed since the form was made.
    """
    visitor.site.registry.associate(lesson, form.cameras, by=visitor.by, seen=form.revision)
    return Done(id=lesson)


@router.post("/recordings")
def record(form: RecordForm, visitor: Administrator) -> Done:
    """录制, 批量录制: start or stop by hand, all or none."""
    site = visitor.site
    count = site.writer.run(
        lambda tx: record_by_hand(tx, form.lessons, form.action, now=visitor.now, by=visitor.by, policies=site.policies)
    )
    return Done(id=str(count))


@router.get("/lessons/{lesson}/media")
def of_lesson(lesson: Identifier, visitor: Staff, paging: Pages, kind: MediaKind) -> Slice[MediaTold]:
    with visitor.reading() as connection:
        get_lesson(connection, lesson)
        found = media.of_lesson(connection, lesson, kind, deleted=True)
    return paging.slice(found, MediaTold.model_validate)


@router.get("/lessons/{lesson}/slots")
def slots_of_lesson(lesson: Identifier, visitor: Staff) -> list[SlotTold]:
    """Give what became of each 抓拍 that the lesson owes."""
    with visitor.reading() as connection:
        found = get_lesson(connection, lesson)
        policy = visitor.site.policies(get_class(connection, found.class_id).policy)
        record = read_class(connection, found.class_id, policy, visitor.now, only=lesson)
    return [
        SlotTold(
            id=slot.id,
            start=slot.window.start,
            end=slot.window.end,
            state=record.fate(slot),
            media=record.slots[slot.id].media if slot.id in record.slots else "",
            cause=record.cause(slot),
        )
        for slot in record.owed(found)
    ]


@router.get("/media/{identifier}")
def one(identifier: Identifier, visitor: Staff) -> MediaTold:
    return MediaTold.model_validate(find_media(visitor, identifier, *_SHOWN))


@router.get(
    "/media/{identifier}/content",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}, 206: {"description": "A part of it."}},
)
def content(identifier: Identifier, visitor: Staff) -> FileResponse:
    """Give the file itself; parts of it by `Range`. Cards stay with administrators."""
    found = find_media(visitor, identifier, *_SHOWN)
    path = locate(visitor, found)
    return FileResponse(path, media_type=found.mime, filename=path.name, content_disposition_type="inline")


_SHOWN = {MediaKind.RECORDING, MediaKind.SNAPSHOT, MediaKind.CLIP, MediaKind.SUPPLEMENT}
"""What staff may see; faces and cards have handlers of their own."""
