"""`edge-agent settings`: the configuration in force, checked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from edge_agent.settings import Settings, config_file, load_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def settings(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """生效的配置 / show every key with its value, or name what is wrong. EDGE_AGENT_CONFIG=FILE checks another file."""
    found = load_settings()
    if as_json:
        print(json.dumps(found.model_dump(mode="json"), ensure_ascii=False))
        return
    defaults = dict(_keys(Settings.model_construct()))
    title = str(config_file() or "没有配置文件 / no configuration file")
    table = Table("配置项 / key", "值 / value", "默认 / default", title=title)
    for key, value in _keys(found):
        table.add_row(key, str(value), "" if value == defaults[key] else str(defaults[key]))
    Console().print(table)


def _keys(section: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
