"""导出: evidence packages, made by `upkeep`, which alone holds the seal key."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any, Self

from fastapi import APIRouter
from fastapi.responses import FileResponse

from edge_agent.errors import InputError, unknown
from edge_agent.evidence.orders import order
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media, requests, training
from edge_agent.store.lessons import get_lesson
from edge_agent.web.actions.files import find_media, locate
from edge_agent.web.api.base import Form, Identifier, Instant, Pages, Slice, Text, Told
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["exports"])

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
_PASSWORD = 16
ZIP: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {}}},
    206: {"description": "A part of it."},
}


class ExportForm(Form):
    """The whole class, its lessons from `since` to `until`, or one `lesson`.

    `full_ids` makes an encrypted zip with whole resident ids.
    """

    class_id: Identifier
    since: dt.date | None = None
    until: dt.date | None = None
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


class PackedTold(Told):
    """A zip that `upkeep` made."""

    id: str
    made: Instant
    size: int
    sha256: str

    @classmethod
    def of(cls, row: Media) -> Self:
        return cls(id=row.id, made=row.start, size=row.size, sha256=row.sha256)


@router.post("/exports", status_code=202)
def export(form: ExportForm, visitor: Administrator) -> Ordered:
    """Ask for a package; `/requests/{id}` says when it is there."""
    with visitor.reading() as connection:
        training.get_class(connection, form.class_id)
        if form.lesson and get_lesson(connection, form.lesson).class_id != form.class_id:
            raise InputError(f"lesson: {form.lesson} is not of this class (课程不属于该班级).")
    if form.lesson and (form.since or form.until):
        raise InputError("lesson: give a period or a lesson, not both (日期与课程只能选一个).")
    if form.since and form.until and form.until < form.since:
        raise InputError("until: before since (结束日期早于开始日期).")
    args = form.model_dump(mode="json", exclude={"full_ids"})
    password = "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD)) if form.full_ids else ""
    identifier = visitor.site.writer.run(lambda tx: order(tx, args, password=password, by=visitor.by))
    return Ordered(id=identifier, password=password)


@router.get("/exports")
def exports(visitor: Administrator, paging: Pages) -> Slice[PackedTold]:
    with visitor.reading() as connection:
        found = list(media.present(connection, MediaKind.EXPORT))[::-1]
    return paging.slice(found, PackedTold.of)


@router.get("/exports/{identifier}/content", response_class=FileResponse, responses=ZIP)
def content(identifier: Identifier, visitor: Administrator) -> FileResponse:
    path = locate(visitor, find_media(visitor, identifier, MediaKind.EXPORT))
    return FileResponse(path, media_type="application/zip", filename=path.name)


@router.get("/requests/{identifier}")
def request(identifier: Identifier, visitor: Administrator) -> RequestTold:
    """Say what became of something that another service was asked for."""
    with visitor.reading() as connection:
        found = requests.find(connection, identifier)
    if found is None:
        raise unknown(identifier, "请求", "request")
    return RequestTold.model_validate(found)
