"""`edge-agent doctor`: each check, what is wrong, what to do; `--bundle` packs it for support."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from edge_agent import __version__
from edge_agent.errors import EdgeAgentError, InputError, StorageError
from edge_agent.serve.agent import open_agent
from edge_agent.serve.examination import Found, examine, tell, write_bundle
from edge_agent.settings import Settings, load_settings
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
    told = tell(found)
    if bundle is not None:
        _bundle(bundle, settings, told)
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _show(found)
        if bundle is not None:
            print(f"已写入 / written: {bundle}")
    raise typer.Exit(1 if told["critical"] else 0)


def _examine(settings: Settings) -> Found:
    try:
        with open_agent(settings) as agent, closing(agent.connect()) as connection:
            return examine(agent, connection)
    except EdgeAgentError as error:
        return {"database": [Finding("database", Level.CRITICAL, error.message, error.message, error.do, error.do)]}


def _show(found: Found) -> None:
    """A line for each check; for a trouble what is wrong and what to do, whole however narrow the terminal is."""
    titles = {check.name: check.title for check in CHECKS}
    console = Console(highlight=False)
    console.print(f"[bold]edge-agent {__version__} 体检 / doctor[/]\n")
    for name, own in found.items():
        if not own:
            console.print(f"  [green]✓[/] {titles[name]} [dim]正常 / well[/]", soft_wrap=True)
        for finding in own:
            sign, colour = _LOOKS[finding.level]
            console.print(f"  [{colour}]{sign} {titles[name]}：{escape(finding.zh)}[/]", soft_wrap=True)
            _show_english(console, finding.en, finding.zh)
            console.print(f"    → {escape(finding.do_zh)}", soft_wrap=True)
            _show_english(console, finding.do_en, finding.do_zh)
    count = Counter(finding.level for own in found.values() for finding in own)
    worst = f"{count[Level.CRITICAL]} 项必须处理，{count[Level.WARNING]} 项需要注意"
    english = f"critical: {count[Level.CRITICAL]}, warnings: {count[Level.WARNING]}"
    console.print(
        f"\n[bold]{worst if count else '一切正常'}[/] / {english if count else 'all is well'}", soft_wrap=True
    )


def _show_english(console: Console, english: str, chinese: str) -> None:
    """Below the Chinese; an error that stopped the examination has both in one."""
    if english != chinese:
        console.print(f"      {escape(english)}", soft_wrap=True, style="dim")


def _bundle(out: Path, settings: Settings, told: dict[str, Any]) -> None:
    if not out.parent.is_dir():
        raise InputError(f"{out.parent}: no such folder (目录不存在).", do="Make it first.")
    try:
        with open_agent(settings) as agent, agent.reading() as connection:
            write_bundle(out, settings, told, connection)
    except StorageError:  # what can't be opened is among the findings
        write_bundle(out, settings, told, None)
