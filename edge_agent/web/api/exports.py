"""导出: evidence packages, made by `upkeep`, which alone holds the seal key."""

from __future__ import annotations

import datetime as dt
import secrets

from fastapi import APIRouter
from fastapi.responses import FileResponse

from edge_agent.errors import InputError, NotFoundError
from edge_agent.evidence.orders import order
from edge_agent.model.media import MediaKind
from edge_agent.store import media, requests, training
from edge_agent.store.lessons import get_lesson
from edge_agent.web.api.base import Form, Identifier, Instant, Pages, Slice, Text, Told
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["exports"])

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
_PASSWORD = 16


class ExportForm(Form):
    """The whole class, one `day` of it, or one `lesson`; `full_ids` makes an encrypted zip with whole resident ids."""

    class_id: Identifier
    day: dt.date | None = None
    lesson: Text = ""
    with_video: bool = False
    full_ids: bool = False


class Ordered(Told):
    """`password` opens a package with whole resident ids. It is told here, once, and kept nowhere."""

    id: str
    password: str


class RequestTold(Told):
    id: str
    kind: str
    state: str
    asked: Instant
    answer: dict[str, object] | None


class ExportTold(Told):
    id: str
    made: Instant
    size: int
    sha256: str


@router.post("/exports", status_code=202)
def export(form: ExportForm, visitor: Administrator) -> Ordered:
    """Ask for a package; `/requests/{id}` says when it is there."""
    with visitor.reading() as connection:
        training.get_class(connection, form.class_id)
        if form.lesson and get_lesson(connection, form.lesson).class_id != form.class_id:
            raise InputError(f"lesson: {form.lesson} is not of this class (课程不属于该班级).")
    args = form.model_dump(mode="json", exclude={"full_ids"})
    password = "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD)) if form.full_ids else ""
    identifier = visitor.site.writer.run(lambda tx: order(tx, args, password=password, by=visitor.by))
    return Ordered(id=identifier, password=password)


@router.get("/exports")
def exports(visitor: Administrator, paging: Pages) -> Slice[ExportTold]:
    with visitor.reading() as connection:
        found = list(media.present(connection, MediaKind.EXPORT))[::-1]
    return paging.slice(found, lambda each: ExportTold(id=each.id, made=each.start, size=each.size, sha256=each.sha256))


@router.get(
    "/exports/{identifier}/content",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}, 206: {"description": "A part of it."}},
)
def content(identifier: Identifier, visitor: Administrator) -> FileResponse:
    with visitor.reading() as connection:
        found = media.find(connection, identifier)
    if found is None or found.kind is not MediaKind.EXPORT or found.deleted is not None:
        raise NotFoundError(f"Export {identifier} does not exist (导出文件不存在).")
    path = visitor.site.files.locate(found.path)
    if not path.is_file():
        raise NotFoundError(f"Export {identifier}: the file is gone (导出文件已清理).")
    return FileResponse(path, media_type="application/zip", filename=path.name)


@router.get("/requests/{identifier}")
def request(identifier: Identifier, visitor: Administrator) -> RequestTold:
    """Say what became of something that another service was asked for."""
    with visitor.reading() as connection:
        found = requests.find(connection, identifier)
    if found is None:
        raise NotFoundError(f"Request {identifier} does not exist.")
    return RequestTold.model_validate(found)
