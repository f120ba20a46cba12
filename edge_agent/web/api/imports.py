"""批量导入: tables of the office, first a dry run, then for good with the warnings that were ticked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile
from pydantic import Field

from edge_agent.intake.classes import parse_classes
from edge_agent.intake.commit import (
    Counts,
    Draft,
    Importer,
    Outcome,
    write_classes,
    write_online,
    write_roster,
    write_teachers,
    write_timetable,
)
from edge_agent.intake.formats import MAX_BYTES
from edge_agent.intake.messages import refuse
from edge_agent.intake.online import parse_online
from edge_agent.intake.problems import Severity
from edge_agent.intake.roster import parse_roster
from edge_agent.intake.stored import load_world
from edge_agent.intake.summary import summary
from edge_agent.intake.teachers import parse_teachers
from edge_agent.intake.templates import TEMPLATES
from edge_agent.intake.timetable import parse_timetable
from edge_agent.intake.world import World
from edge_agent.store.database import Connection
from edge_agent.web.api.base import Told
from edge_agent.web.guard import Administrator

router = APIRouter(tags=["imports"])

Kind = Literal["roster", "timetable", "classes", "teachers", "online"]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WRITERS: Mapping[Kind, Callable[..., Counts]] = {
    "roster": write_roster,
    "timetable": write_timetable,
    "classes": write_classes,
    "teachers": write_teachers,
    "online": write_online,
}


class ProblemTold(Told):
    """A warning is ticked by its `key`; `row` 0 is the file as a whole."""

    key: str
    code: str
    severity: Severity
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


@router.post("/imports/{kind}")
def import_table(
    *,
    kind: Kind,
    visitor: Administrator,
    file: Annotated[UploadFile, File(description="xlsx or csv")],
    class_ref: Annotated[str, Form(max_length=80, description="The class, where the file doesn't say it.")] = "",
    complete: Annotated[bool, Form(description="What is not in the file leaves, or is cancelled.")] = False,
    dry_run: Annotated[bool, Form()] = True,
    accept: Annotated[list[Annotated[str, Field(max_length=80)]] | None, Form(max_length=500)] = None,
) -> ImportTold:
    """Check a table, or import it."""
    data = file.file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise refuse("file_large", size=len(data) // 1_000_000, limit=MAX_BYTES // 1_000_000)
    name = file.filename or "table"
    parse = _parser(kind, data, name, class_ref, complete=complete)

    def load(connection: Connection) -> World:
        return load_world(connection, now=visitor.now, policy=visitor.site.settings.policy)

    with visitor.reading() as connection:
        world = load(connection)
    ticked = frozenset(accept or ())
    if dry_run:
        draft = parse(world)
        outcome: Outcome[Draft] = Outcome(draft, draft.problems.blocking(ticked), None)
    else:
        importer = Importer(visitor.site.writer, load, visitor.by)
        outcome = importer.run(world, parse, _WRITERS[kind], ticked=ticked)
    return ImportTold.model_validate(summary(outcome))


@router.get(
    "/templates/{kind}",
    response_class=Response,
    responses={200: {"content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
def template(kind: Kind, visitor: Administrator) -> Response:
    """Give an empty table to fill in."""
    del visitor
    disposition = {"Content-Disposition": f'attachment; filename="{kind}.xlsx"'}
    return Response(TEMPLATES[kind](), media_type=_XLSX, headers=disposition)


def _parser(kind: Kind, data: bytes, name: str, class_ref: str, *, complete: bool) -> Callable[[World], Draft]:
    parsers: Mapping[Kind, Callable[[World], Draft]] = {
        "roster": lambda world: parse_roster(data, name, world, class_ref=class_ref, complete=complete),
        "timetable": lambda world: parse_timetable(data, name, world, class_ref=class_ref, complete=complete),
        "classes": lambda world: parse_classes(data, name, world),
        "teachers": lambda world: parse_teachers(data, name, world),
        "online": lambda world: parse_online(data, name, world, class_ref=class_ref),
    }
    return parsers[kind]
