"""`edge-agent supplement`: material for an outage, and what the district makes of it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.operator import operator
from edge_agent.evidence.supplements import Material, begin, file_material
from edge_agent.evidence.supplements import recognise as recognise_material
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent
from edge_agent.settings import load_settings
from edge_agent.store import supplements, training
from edge_agent.store.lessons import get_lesson

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_CHUNK = 1 << 20
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
_MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]


@app.callback()
def main() -> None:
    """补充材料 / material for outages: beside the record, never counted as automatic."""


@app.command("file")
def file_command(
    material: Annotated[Path, typer.Argument(help="The footage or scanned sheet.", exists=True, dir_okay=False)],
    lesson: Annotated[str, typer.Option(help="课程 / the lesson's id.")],
    start: Annotated[datetime, typer.Option(formats=_MOMENTS, help="What it shows, in the policy's time zone: from.")],
    end: Annotated[datetime, typer.Option(formats=_MOMENTS, help="Until.")],
    reason: Annotated[str, typer.Option(help="原因 / why the record has a hole.")],
    as_json: AsJson = False,
) -> None:
    """提交 / file material for a lesson."""
    with open_agent(load_settings()) as agent, agent.reading() as connection:
        group = training.get_class(connection, get_lesson(connection, lesson).class_id)
        zone = load_policy(group.policy).policy.zone
        brought = Material(
            lesson, start.replace(tzinfo=zone), end.replace(tzinfo=zone), reason, material.suffix.lower()
        )
        with begin(connection, agent.files, brought) as pending:
            with material.open("rb") as source:
                shutil.copyfileobj(source, pending, _CHUNK)
            row = file_material(agent.writer, connection, pending, brought, by=operator())
    if as_json:
        print(json.dumps({"supplement": row.id, "sha256": row.sha256, "size": row.size}))
    else:
        print(f"{row.id}  {row.size} bytes  SHA-256 {row.sha256}")


@app.command()
def recognise(
    supplement: Annotated[str, typer.Argument(help="Its id.")],
    document: Annotated[str, typer.Option(help="文号 / the number of the district's document.")],
    periods: Annotated[int, typer.Option(min=1, help="认可课时 / periods that it recognises, for each trainee.")],
    trainees: Annotated[list[str] | None, typer.Option("--trainee", help="A trainee's id; all without any.")] = None,
    as_json: AsJson = False,
) -> None:
    """认可 / note that the district recognises it, by a document of its own."""
    with open_agent(load_settings()) as agent, agent.reading() as connection:
        recognised = recognise_material(
            agent.writer,
            connection,
            supplement,
            document=document,
            periods=periods,
            trainees=trainees or (),
            by=operator(),
        )
    if as_json:
        print(json.dumps(asdict(recognised), ensure_ascii=False))
    else:
        print(f"{supplement}: {periods} 课时 × {len(recognised.trainees)} 人，{recognised.document}")


@app.command("list")
def list_command(
    class_id: Annotated[str, typer.Option("--class", help="The class: its id, or its 培训期次ID.")],
    as_json: AsJson = False,
) -> None:
    """列出 / list a class's material."""
    with open_agent(load_settings()) as agent, agent.reading() as connection:
        group = training.find_class(connection, class_id) or training.get_class(connection, class_id)
        found = supplements.of_class(connection, group.id)
        zone = load_policy(group.policy).policy.zone
    if as_json:
        print(json.dumps({"supplements": [asdict(each) for each in found]}, ensure_ascii=False, default=str))
        return
    for each in found:
        shown = f"{each.start.astimezone(zone):%Y-%m-%d %H:%M} - {each.end.astimezone(zone):%H:%M}"
        print(f"{each.id}  {each.lesson}  {shown}  {each.reason}  {each.document or '未认可 / not recognised'}")
