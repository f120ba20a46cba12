"""`edge-agent doctor`: each check, what is wrong, what to do; `--bundle` packs it for support."""

from __future__ import annotations

import json
import platform
import zipfile
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge_agent import __version__
from edge_agent.errors import EdgeAgentError, InputError
from edge_agent.serve.agent import open_agent
from edge_agent.serve.health import gather
from edge_agent.settings import Settings, load_settings
from edge_agent.store.fsck import fsck
from edge_agent.upkeep.health import CHECKS, Finding, Level

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

_LOOKS = {Level.NOTICE: ("·", "blue"), Level.WARNING: ("!", "yellow"), Level.CRITICAL: ("✗", "red")}


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Write a zip for support: no secret, no name, no face.")] = None,
) -> None:
    """体检 / examine this device. Exit code 1 where something is critical."""
    settings = load_settings()
    found = _examine(settings)
    told = {
        "version": __version__,
        "critical": any(finding.level is Level.CRITICAL for own in found.values() for finding in own),
        "checks": {
            name: [asdict(finding) | {"level": finding.level.name.lower()} for finding in own]
            for name, own in found.items()
        },
    }
    if bundle is not None:
        _bundle(bundle, settings, told)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _show(found)
        if bundle is not None:
            print(f"已写入 / written: {bundle}")
    raise typer.Exit(1 if told["critical"] else 0)


def _examine(settings: Settings) -> dict[str, list[Finding]]:
    try:
        with open_agent(settings) as agent, closing(agent.connect()) as connection:
            faults = [each.what for each in fsck(agent.database, agent.files) if not each.harmless]
            view = gather(agent, connection, database_faults=faults)
    except EdgeAgentError as error:
        return {"database": [Finding("database", Level.CRITICAL, error.message, error.message, error.do, error.do)]}
    return {check.name: list(check.judge(view)) for check in CHECKS}


def _show(found: dict[str, list[Finding]]) -> None:
    titles = {check.name: check.title for check in CHECKS}
    table = Table("", "检查 / check", "情况 / state", "处理 / what to do", title=f"edge-agent {__version__}")
    for name, own in found.items():
        if not own:
            table.add_row("[green]✓[/green]", titles[name], "正常 / well", "")
        for finding in own:
            sign, colour = _LOOKS[finding.level]
            table.add_row(
                f"[{colour}]{sign}[/{colour}]",
                titles[name],
                f"{finding.zh}\n[dim]{finding.en}[/dim]",
                f"{finding.do_zh}\n[dim]{finding.do_en}[/dim]",
            )
    Console().print(table)


def _bundle(out: Path, settings: Settings, told: dict[str, object]) -> None:
    """Pack the findings, the settings' keys and the kinds of the last facts; contents of facts stay here."""
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder (目录不存在).", do="Make it first.")
    chosen = settings.model_dump(mode="json", include={"policy", "language", "sealed", "clock", "media", "disk"})
    system = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.platform()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("doctor.json", told), ("settings.json", chosen), ("system.json", system)):
            archive.writestr(name, json.dumps(content, ensure_ascii=False, indent=1))
        metrics = settings.store.data_dir / "metrics.prom"
        if metrics.exists():
            archive.write(metrics, "metrics.prom")
