"""批量导入: tables of the office, first a dry run, then for good with the warnings that were ticked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import Field

from edge_agent.intake.kinds import TableKind
from edge_agent.web.api.base import Told
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["imports"])

LARGEST = 20_000_000
"""What is read of a file; `intake` says that one is too large."""

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ProblemTold(Told):
    """A warning is ticked by its `key`; `row` 0 is the file as a whole."""

    key: str
    code: str
    severity: Literal["error", "warning", "notice"]
    zh: str
    en: str
    sheet: str
    row: int
    column: str
    heading: str


class WrittenTold(Told):
    added: int
    changed: int
    unchanged: int
    left: int
    classes: list[str]


class ImportTold(Told):
    """`written` is null for a dry run, and where `blocking` problems stopped it. Resident ids in `rows` are masked."""

    ok: bool
    written: WrittenTold | None
    blocking: list[str]
    problems: list[ProblemTold]
    rows: list[dict[str, Any]]


class FieldProblemTold(ProblemTold):
    """`field` names the form's field, and is empty where the row as a whole is meant."""

    field: str


class RowTold(Told):
    """`ImportTold` of a form's single row; `id` is what was, or would be, written."""

    id: str
    ok: bool
    written: WrittenTold | None
    blocking: list[str]
    problems: list[FieldProblemTold]
    rows: list[dict[str, Any]]


Ticked = Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=50)]
"""The keys of warnings that the operator has seen."""


@router.post("/imports/{kind}")
def import_table(
    *,
    kind: TableKind,
    visitor: Administrator,
    file: Annotated[UploadFile, File(description="xlsx or csv")],
    class_ref: Annotated[str, Form(max_length=80, description="The class, where the file doesn't say it.")] = "",
    complete: Annotated[bool, Form(description="What is not in the file leaves, or is cancelled.")] = False,
    dry_run: Annotated[bool, Form()] = True,
    accept: Annotated[list[Annotated[str, Field(max_length=80)]] | None, Form(max_length=500)] = None,
) -> ImportTold:
    """Check a table, or import it."""
    from edge_agent.web.actions import tables  # noqa: PLC0415 - see there

    done = tables.take(
        visitor.site,
        kind,
        file.file.read(LARGEST + 1),
        file.filename or "table",
        class_ref=class_ref,
        complete=complete,
        ticked=accept or (),
        dry_run=dry_run,
        by=visitor.by,
    )
    return ImportTold.model_validate(done)


@router.get(
    "/templates/{kind}",
    response_class=Response,
    responses={200: {"content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
def template(kind: TableKind, visitor: Administrator) -> Response:
    """Give an empty table to fill in."""
    del visitor
    from edge_agent.web.actions import tables  # noqa: PLC0415 - see there

    disposition = {"Content-Disposition": f'attachment; filename="{kind}.xlsx"'}
    return Response(tables.template(kind), media_type=_XLSX, headers=disposition)
