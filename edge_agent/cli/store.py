"""`edge-agent migrate` and `edge-agent fsck`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from edge_agent.serve.agent import prepare_agent
from edge_agent.settings import load_settings
from edge_agent.store.files import MediaFiles
from edge_agent.store.fsck import Finding, fsck

migrate_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
fsck_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@migrate_app.command()
def migrate() -> None:
    """建立或升级数据库 / create the data folder, or bring it up to date; run it before any service."""
    settings = load_settings()
    head = prepare_agent(settings)
    print(f"{settings.store.database}: agent {head.agent}, epoch {head.epoch}, {head.seq} facts")


@fsck_app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    digests: Annotated[bool, typer.Option(help="Read every media file again and compare its SHA-256.")] = False,
) -> None:
    """检查数据库与媒体 / check pages, the chain of facts, and media rows against the disk; changes nothing."""
    store = load_settings().store
    findings = fsck(store.database, MediaFiles(store.media), digests=digests)
    faults = [finding for finding in findings if not finding.harmless]
    if as_json:
        print(json.dumps({"clean": not faults, "findings": [asdict(each) for each in findings]}, ensure_ascii=False))
    else:
        _show(findings, len(faults))
    if faults:
        raise typer.Exit(4)


def _show(findings: list[Finding], faults: int) -> None:
    """A finding is a paragraph, not a row: paths and sentences don't fit into columns of a terminal."""
    for finding in findings:
        print(f"{'·' if finding.harmless else '✗'} {finding.subject}")
        print(f"  {finding.what}\n  → {finding.do}")
    print("正常 / clean" if not faults else f"{faults} 处需要处理 / {faults} to mend")
