"""`edge-agent export`: the evidence package of a class, a period or a lesson."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.password import ENVIRONMENT, ask
from edge_agent.errors import InputError
from edge_agent.evidence.keys import load_or_make
from edge_agent.evidence.package import Source, Wanted, make_package
from edge_agent.evidence.seal import seal_head
from edge_agent.evidence.sheets_pdf import is_embedded
from edge_agent.model.kinds.system import PackageMade
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent
from edge_agent.serve.upkeep import seal_keys
from edge_agent.settings import load_settings
from edge_agent.store.training import find_class, get_class

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def export(
    class_id: Annotated[str, typer.Option("--class", help="The class: its id, or its 培训期次ID.")],
    out: Annotated[Path, typer.Option(help="The zip to write.")],
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="To this day, included.")] = None,
    lesson: Annotated[str, typer.Option(help="One lesson only.")] = "",
    with_video: Annotated[bool, typer.Option("--with-video", help="With the recordings themselves.")] = False,
    full_ids: Annotated[bool, typer.Option("--full-ids", help="Resident ids whole, in an encrypted zip.")] = False,
    password: Annotated[
        str, typer.Option(envvar=ENVIRONMENT, help="For --full-ids; better by the environment, or asked for.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """导出证据包 / make the evidence package of a class, a period or a lesson."""
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder (目录不存在).", do="Make it first.")
    if full_ids and not password:
        password = ask("证据包的密码，至少 8 位 / a password for the package, 8 characters or more", twice=True)
    settings = load_settings()
    with open_agent(settings) as agent, closing(agent.connect()) as connection:
        training = find_class(connection, class_id) or get_class(connection, class_id)
        signer = load_or_make(seal_keys(settings), agent.writer)
        seal_head(agent.writer, signer)  # so that the newest facts are sealed, too
        wanted = Wanted(
            class_id=training.id,
            since=since.date() if since else None,
            until=until.date() if until else None,
            lesson=lesson,
            with_video=with_video,
            full_ids=full_ids,
            password=password,
        )
        source = Source(connection, agent.files, signer, load_policy(training.policy))
        made = make_package(source, wanted, out, agent.clock.stamp())
        agent.writer.append(
            PackageMade(
                class_id=training.id,
                sha256=made.sha256,
                size=made.size,
                scope=made.scope,
                full_ids=full_ids,
                with_video=with_video,
            )
        )
    if as_json:
        print(json.dumps({"out": str(out), **asdict(made)}, ensure_ascii=False))
        return
    print(f"{out}: {made.scope}, {made.files} files, {made.size / 1e6:.1f} MB, SHA-256 {made.sha256}")
    print(f"  {made.incomplete} 节课不完整 / lessons incomplete")
    for finding in made.findings:
        print(f"  ? {finding}")
    if not is_embedded():
        print("  PDF 未嵌入中文字体，请运行 / no font is embedded, run: apt install fonts-wqy-microhei")
    for path in made.missing_media:
        print(f"  缺少媒体文件 / media file missing: {path}")
