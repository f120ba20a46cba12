"""`edge-agent copy`: a copy of a snapshot, a sheet or a trainee's record, with its recipient across it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.cli.operator import operator
from edge_agent.errors import InputError
from edge_agent.evidence.copies import Of, Shelf, Wanted, give_copy
from edge_agent.policies import load_policy
from edge_agent.serve.agent import open_agent
from edge_agent.settings import load_settings
from edge_agent.store.database import reading

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def copy(
    of: Annotated[Of, typer.Argument(help="snapshot, sheet (one unit's) or record (one trainee's).")],
    subject: Annotated[
        str, typer.Argument(help="The snapshot's media id, the unit's id (LESSON/1), the trainee's id.")
    ],
    to: Annotated[str, typer.Option(help="接收人 / who gets it.")],
    purpose: Annotated[str, typer.Option(help="用途 / what it is given for.")],
    out: Annotated[Path, typer.Option(help="The .jpg (snapshot) or .pdf to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """水印副本 / give somebody a watermarked copy; a fact says so."""
    if out.exists():
        raise InputError(f"{out}: exists already (文件已存在).", do="Name a new file.")
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder (目录不存在).", do="Make it first.")
    with open_agent(load_settings()) as agent, closing(agent.connect()) as connection, reading(connection):
        trainee = subject if of == "record" else ""
        wanted = Wanted(of, subject, to, purpose, trainee=trainee)
        now = agent.clock.stamp().wall
        made = give_copy(agent.writer, Shelf(connection, agent.files, load_policy), wanted, now, by=operator())
    out.write_bytes(made.content)
    if as_json:
        print(json.dumps({"out": str(out), "sha256": made.sha256, "size": len(made.content)}, ensure_ascii=False))
    else:
        print(f"{out}: {len(made.content)} bytes, SHA-256 {made.sha256}")
