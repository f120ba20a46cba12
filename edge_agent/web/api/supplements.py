"""补充材料: material for outages, filed and recognised: beside the record, never counted as automatic."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field

from edge_agent.errors import InputError
from edge_agent.evidence.supplements import LARGEST, Material, begin, file_material, recognise
from edge_agent.model.media import Media, MediaKind
from edge_agent.store import media, supplements, training
from edge_agent.store.files import Pending
from edge_agent.store.supplements import Supplement
from edge_agent.web.actions.files import find_media, locate
from edge_agent.web.api.base import Done, Form, Identifier, Instant, Name, Pages, Slice, Text, Told
from edge_agent.web.guard import Administrator, Office, Visitor

router = APIRouter(tags=["supplements"])

_BINARY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_PIECE = 1 << 20


class MaterialForm(Form):
    """`name` is the file's own name: its suffix says what it is. `start` and `end` are what it shows."""

    lesson: Identifier
    start: Instant
    end: Instant
    reason: Annotated[Text, Field(min_length=1)]
    name: Name


class RecognitionForm(Form):
    """`periods` for each of `trainees`, without any for the whole lesson; `document` is the district's number."""

    document: Annotated[Text, Field(min_length=1)]
    periods: Annotated[int, Field(ge=1, le=100)]
    trainees: Annotated[list[Identifier], Field(max_length=200, default_factory=list)]


class SupplementTold(Told):
    """`document` is empty until the district recognised it."""

    id: str
    class_id: str
    lesson: str
    start: Instant
    end: Instant
    reason: str
    filed_by: str
    sha256: str
    size: int
    document: str
    periods: int
    trainees: list[str]


@router.post("/supplements", status_code=201, openapi_extra=_BINARY)
async def file(request: Request, form: Annotated[MaterialForm, Query()], visitor: Administrator) -> Done:
    """File material: the body is the file itself, taken piece by piece, so that its size does not matter."""
    material = Material(form.lesson, form.start, form.end, form.reason, PurePath(form.name).suffix.lower())
    row = await _take(request, visitor, material)
    return Done(id=row.id)


async def _take(request: Request, visitor: Visitor, material: Material) -> Media:
    # No reading is held open while somebody's telephone sends: the database could not fold its log in.
    with await to_thread.run_sync(_begin, visitor, material) as pending:
        piece = bytearray()
        async for chunk in request.stream():
            piece += chunk
            if pending.size + len(piece) > LARGEST:
                raise InputError(f"file: larger than {LARGEST >> 30} GB (文件过大).", do="Cut it into parts.")
            if len(piece) >= _PIECE:
                await to_thread.run_sync(pending.write, bytes(piece))
                piece.clear()
        await to_thread.run_sync(pending.write, bytes(piece))
        return await to_thread.run_sync(_keep, visitor, pending, material)


def _begin(visitor: Visitor, material: Material) -> Pending:
    with visitor.reading() as connection:
        return begin(connection, visitor.site.files, material)


def _keep(visitor: Visitor, pending: Pending, material: Material) -> Media:
    with visitor.reading() as connection:
        return file_material(visitor.site.writer, connection, pending, material, by=visitor.by)


@router.get("/classes/{class_id}/supplements")
def of_class(class_id: Identifier, visitor: Office, paging: Pages) -> Slice[SupplementTold]:
    with visitor.reading() as connection:
        training.get_class(connection, class_id)
        found = [(each, media.find(connection, each.media)) for each in supplements.of_class(connection, class_id)]
    return paging.slice(found, lambda each: _told(*each))


@router.post("/supplements/{supplement}/recognition", status_code=201)
def recognition(supplement: Identifier, form: RecognitionForm, visitor: Administrator) -> Done:
    """区县认可: once, by the number of the district's document."""
    with visitor.reading() as connection:
        recognise(
            visitor.site.writer,
            connection,
            supplement,
            document=form.document,
            periods=form.periods,
            trainees=form.trainees,
            by=visitor.by,
        )
    return Done(id=supplement)


@router.get(
    "/supplements/{supplement}/content",
    response_class=FileResponse,
    responses={200: {"content": {"application/octet-stream": {}}}, 206: {"description": "A part of it."}},
)
def content(supplement: Identifier, visitor: Office) -> FileResponse:
    with visitor.reading() as connection:
        filed = supplements.get(connection, supplement)
    path = locate(visitor, find_media(visitor, filed.media, MediaKind.SUPPLEMENT))
    # Never shown in the page: what somebody uploaded may be anything.
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def _told(filed: Supplement, row: Media | None) -> SupplementTold:
    return SupplementTold(
        id=filed.id,
        class_id=filed.class_id,
        lesson=filed.lesson,
        start=filed.start,
        end=filed.end,
        reason=filed.reason,
        filed_by=filed.filed_by,
        sha256=row.sha256 if row else "",
        size=row.size if row else 0,
        document=filed.document,
        periods=filed.periods,
        trainees=list(filed.trainees),
    )
