"""`edge-agent import` and `edge-agent template`."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from edge_agent.cli.preview import preview
from edge_agent.errors import InputError
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
from edge_agent.intake.templates import TEMPLATES, as_csv
from edge_agent.intake.timetable import parse_timetable
from edge_agent.intake.world import World
from edge_agent.serve.agent import make_clock, open_agent
from edge_agent.settings import load_settings
from edge_agent.store.database import Connection, connect
from edge_agent.store.writer import Transaction

import_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
template_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

OPERATOR = "cli"
ERRORS, WARNINGS = 2, 3
_MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.NOTICE: "·"}
D = TypeVar("D", bound=Draft)

File = Annotated[Path, typer.Argument(help="表格 / the table: .xlsx or .csv.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查，不写入 / check only, change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Class = Annotated[str, typer.Option("--class", help="班级：期次ID或名称 / the class, where the file doesn't say it.")]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="CODE@ROW", help="勾选一条警告 / tick a warning; may be repeated."),
]
Complete = Annotated[
    bool,
    typer.Option("--complete", help="文件是全部内容，其余退出或取消 / what is not in the file leaves or is cancelled."),
]


@import_app.command("roster")
def import_roster(
    file: File,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    class_ref: Class = "",
    accept: Accept = None,
    complete: Complete = False,
) -> None:
    """导入学员名册 / import the trainees of a class."""
    parse = partial(parse_roster, class_ref=class_ref, complete=complete)
    _import(file, parse, write_roster, dry_run=dry_run, as_json=as_json, accept=accept)


@import_app.command("timetable")
def import_timetable(
    file: File,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    class_ref: Class = "",
    accept: Accept = None,
    complete: Complete = False,
) -> None:
    """导入课表 / import the lessons of a class."""
    parse = partial(parse_timetable, class_ref=class_ref, complete=complete)
    _import(file, parse, write_timetable, dry_run=dry_run, as_json=as_json, accept=accept)


@import_app.command("classes")
def import_classes(
    file: File,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    accept: Accept = None,
) -> None:
    """批量导入班级 / import a list of classes."""
    _import(file, parse_classes, write_classes, dry_run=dry_run, as_json=as_json, accept=accept)


@import_app.command("teachers")
def import_teachers(
    file: File,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    accept: Accept = None,
) -> None:
    """导入讲师名单 / import the district's list of teachers."""
    _import(file, parse_teachers, write_teachers, dry_run=dry_run, as_json=as_json, accept=accept)


@import_app.command("online")
def import_online(
    file: File,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    class_ref: Class = "",
    accept: Accept = None,
) -> None:
    """导入线上课时和证书 / import online hours and certificates."""
    parse = partial(parse_online, class_ref=class_ref)
    _import(file, parse, write_online, dry_run=dry_run, as_json=as_json, accept=accept)


@template_app.command()
def template(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=" | ".join(TEMPLATES))],
    file: Annotated[Path, typer.Argument(help="写到这里 / write it here: .xlsx or .csv")],
) -> None:
    """下载模板 / write an empty table to fill in: roster, timetable, classes, teachers or online."""
    if kind not in TEMPLATES:
        raise InputError(
            f"{kind}: 没有这个模板 / no such template.", do=f"可用的有 / Name one of {', '.join(TEMPLATES)}."
        )
    form = file.suffix.lower()
    if form not in {".xlsx", ".csv"}:
        raise InputError(
            f"{file}: 模板只有 .xlsx 和 .csv / templates are .xlsx or .csv.", do="请改文件名。Name the file so."
        )
    content = TEMPLATES[kind]()
    try:
        with file.open("xb") as stream:
            stream.write(as_csv(content) if form == ".csv" else content)
    except FileExistsError as error:
        raise InputError(
            f"{file}: 文件已存在 / exists already.",
            do="没有覆盖，请换一个文件名。It was left alone: choose another name.",
        ) from error
    except OSError as error:
        raise InputError(
            f"{file}: 无法写入 / can't be written: {error.strerror}.",
            do="请换一个可写的目录。Choose a folder that can be written.",
        ) from error
    print(f"{file}：已写好，填完后导入 / written; fill it in, then: edge-agent import {kind} {file}")


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise refuse("file_large", size=file.stat().st_size // 1_000_000, limit=MAX_BYTES // 1_000_000)
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{file}: 无法读取 / can't be read: {error.strerror}.",
            do="请给出可读的文件。Name a file that can be read.",
        ) from error


def _import(
    file: Path,
    read: Callable[[bytes, str, World], D],
    write: Callable[[Transaction, D, tuple[str, ...], str], Counts],
    *,
    dry_run: bool,
    as_json: bool,
    accept: list[str] | None,
) -> None:
    data = _read(file)
    settings = load_settings()
    clock = make_clock(settings)
    ticked = frozenset(accept or ())

    def load(connection: Connection | None) -> World:
        return load_world(connection, now=clock.stamp().wall, policy=settings.policy)

    def parse(world: World) -> D:
        return read(data, file.name, world)

    if dry_run:
        # Without a database yet the file can still be checked by itself.
        exists = settings.store.database.exists()
        with closing(connect(settings.store.database, readonly=True)) if exists else nullcontext() as connection:
            draft = parse(load(connection))
        outcome: Outcome[D] = Outcome(draft, draft.problems.blocking(ticked), None)
    else:
        with open_agent(settings, clock=clock) as agent:
            with agent.reading() as connection:
                world = load(connection)
            outcome = Importer(agent.writer, load, OPERATOR).run(world, parse, write, ticked=ticked)
    if as_json:
        print(json.dumps(summary(outcome), ensure_ascii=False))
    else:
        _show(outcome, file.name, dry_run=dry_run)
    if outcome.blocking:
        raise typer.Exit(ERRORS if outcome.draft.problems.errors else WARNINGS)


def _show(outcome: Outcome[D], file: str, *, dry_run: bool) -> None:
    if dry_run and not outcome.draft.problems.errors:
        Console().print(preview(outcome.draft))
    for problem in outcome.draft.problems:
        where_zh, where_en = (problem.where_zh, problem.where_en) if problem.row else (file, file)
        print(f"{_MARKS[problem.severity]} {where_zh}：{problem.zh}")
        tick = (
            f"  [--accept {problem.key}]"
            if problem in outcome.blocking and problem.severity is Severity.WARNING
            else ""
        )
        print(f"  {where_en}: {problem.en}{tick}")
    done = outcome.written
    if done is not None:
        print(f"已导入：新增 {done.added}，更改 {done.changed}，未变 {done.unchanged}，退出 {done.left}。")
        print(f"Imported: {done.added} added, {done.changed} changed, {done.unchanged} unchanged, {done.left} left.")
    elif outcome.blocking:
        print(f"没有导入：{len(outcome.blocking)} 处需要处理，数据未变。")
        print(f"Nothing was imported: {len(outcome.blocking)} to mend or tick.")
    else:
        print("检查通过，可以导入；数据未变。\nChecked: the file can be imported; nothing was changed.")
