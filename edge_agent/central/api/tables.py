"""Rosters, timetables, lists of classes and of teachers: uploaded here, sent to a venue as signed commands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from edge_agent.central import registry
from edge_agent.central.pages.guard import Administrator
from edge_agent.central.work import tables
from edge_agent.central.work.tables import Kind
from edge_agent.errors import ConflictError, EdgeAgentError
from edge_agent.furniture.forms import Told

router = APIRouter()


class TooLargeError(EdgeAgentError):
    status = 413


class ProblemTold(Told):
    severity: str
    where: str
    text: str
    key: str


class TableTold(Told):
    """What a table would do. `sent` are the commands, none while there is something to mend or to tick."""

    problems: list[ProblemTold]
    rows: int
    blocked: bool
    sent: list[str]


@router.post("/venues/{number}/tables")
async def send_table(
    number: int,
    visitor: Administrator,
    kind: Annotated[Kind, Form()],
    file: Annotated[UploadFile, File()],
    *,
    class_ref: Annotated[str, Form(max_length=80)] = "",
    ticked: Annotated[str, Form(max_length=20_000)] = "",
    really: Annotated[bool, Form()] = False,
) -> TableTold:
    """Read a table against what is known of the venue; send it if nothing is open and `really`."""
    data = await file.read(tables.LARGEST + 1)
    if len(data) > tables.LARGEST:
        raise TooLargeError(f"file: larger than {tables.LARGEST >> 20} MB (文件过大).")
    centre = visitor.centre
    if centre.tables is None:
        raise ConflictError("This centre was started without a reader of tables (未启用表格读取).")
    with visitor.writing() as tx:
        visitor.venue(tx, number)
        agent = registry.get(tx, number)
        if agent.revoked:
            raise ConflictError("The agent is revoked (终端已吊销).")
        world = tables.read_world(tx, number, visitor.now)
        keys = frozenset(key for key in ticked.split("\n") if key)
        draft = centre.tables(kind, data, file.filename or "table", world, class_ref=class_ref, ticked=keys)
        sent: list[str] = []
        if really and not draft.blocking:
            sent = tables.send(tx, centre.signer, centre.digester, agent, draft, by=visitor.by, now=visitor.now)
            visitor.note(tx, f"table.{kind}", agent.address.agent, f"{(file.filename or '')[:100]} {' '.join(sent)}")
    chinese = visitor.language == "zh_CN"
    told = [
        ProblemTold(
            severity=each.severity,
            where=each.where_zh if chinese else each.where_en,
            text=each.zh if chinese else each.en,
            key=each.key,
        )
        for each in draft.problems
    ]
    return TableTold(problems=told, rows=tables.count_rows(draft), blocked=bool(draft.blocking), sent=sent)
