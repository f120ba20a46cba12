"""`edge-agent supplement`: material for an outage, and what the district makes of it."""

from __future__ import annotations

import getpass
import json
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.errors import InputError, NotFoundError
from edge_agent.model.kinds.system import SupplementFiled, SupplementRecognised
from edge_agent.model.media import Media, MediaKind
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent
from edge_agent.settings import load_settings
from edge_agent.store import supplements, training
from edge_agent.store.lessons import get_lesson
from edge_agent.store.media import new_media_id

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

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
    if end <= start:
        raise InputError("--end: not after --start (结束须晚于开始).")
    if not reason.strip():
        raise InputError("--reason: empty (须填写原因).")
    with open_agent(load_settings()) as agent, agent.reading() as connection:
        found = get_lesson(connection, lesson)
        zone = load_policy(training.get_class(connection, found.class_id).policy).policy.zone
        begins, ends = start.replace(tzinfo=zone), end.replace(tzinfo=zone)
        with material.open("rb") as source, agent.files.create(MediaKind.SUPPLEMENT, material.suffix.lower()) as taken:
            shutil.copyfileobj(source, taken)
            stored = taken.commit(begins)
        row = Media(
            id=new_media_id(),
            kind=MediaKind.SUPPLEMENT,
            path=stored.path,
            sha256=stored.sha256,
            size=stored.size,
            start=begins,
            end=ends,
            lesson=lesson,
        )
        filed = SupplementFiled(
            supplement=row.id,
            class_id=found.class_id,
            lesson=lesson,
            media=row.id,
            sha256=stored.sha256,
            start=begins,
            end=ends,
            reason=reason.strip(),
        )
        agent.writer.run(lambda tx: supplements.file_supplement(tx, filed, row, by=_operator()))
    if as_json:
        print(json.dumps({"supplement": row.id, "sha256": stored.sha256, "size": stored.size}))
    else:
        print(f"{row.id}  {stored.size} bytes  SHA-256 {stored.sha256}")


@app.command()
def recognise(
    supplement: Annotated[str, typer.Argument(help="Its id.")],
    document: Annotated[str, typer.Option(help="文号 / the number of the district's document.")],
    periods: Annotated[int, typer.Option(min=1, help="认可课时 / periods that it recognises, for each trainee.")],
    trainees: Annotated[list[str] | None, typer.Option("--trainee", help="A trainee's id; all without any.")] = None,
    as_json: AsJson = False,
) -> None:
    """认可 / note that the district recognises it, by a document of its own."""
    if not document.strip():
        raise InputError("--document: empty (须填写区县认可文号).")
    with open_agent(load_settings()) as agent, agent.reading() as connection:
        filed = supplements.get(connection, supplement)
        lesson = get_lesson(connection, filed.lesson)
        if periods > lesson.periods:
            raise InputError(f"--periods: the lesson has {lesson.periods} (超过该课程课时).")
        roster = {
            each.id
            for each in training.list_trainees(connection, filed.class_id)
            if lesson.subgroup in ("", each.subgroup)
        }
        if strangers := set(trainees or ()) - roster:
            raise NotFoundError(f"--trainee: not of this lesson: {', '.join(sorted(strangers))} (不是该课程学员).")
        recognised = SupplementRecognised(
            supplement=supplement,
            document=document.strip(),
            trainees=tuple(sorted(trainees or roster)),
            periods=periods,
        )
        agent.writer.run(lambda tx: supplements.recognise(tx, recognised, by=_operator()))
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


def _operator() -> str:
    return f"cli:{getpass.getuser()}"
