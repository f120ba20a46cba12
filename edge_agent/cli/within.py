"""Our own commands, run in this process: nothing is loaded twice, and their answers come as values."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

from edge_agent.errors import DeviceError


def options(values: Mapping[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in (f"--{name}", value)]


def run(*arguments: str, may_end: Collection[int] = (0,)) -> str:
    """Run `edge-agent ARGUMENTS` here, so that nothing is loaded twice; give the last line that it prints.

    Raises `DeviceError` with what it said where it ends otherwise.
    """
    app = import_module("edge_agent.cli.main").app  # it imports this module's user by name
    with redirect_stdout(io.StringIO()) as told, redirect_stderr(io.StringIO()) as complaint:
        code = app(args=list(arguments), prog_name="edge-agent", standalone_mode=False) or 0
    lines = told.getvalue().strip().splitlines()
    if code not in may_end:
        raise DeviceError(f"edge-agent {' '.join(arguments[:2])}: {' '.join([*lines[-3:], complaint.getvalue()])}")
    return lines[-1] if lines else ""


def ask(*arguments: str, may_end: Collection[int] = (0,)) -> dict[str, Any]:
    """Run a command that answers in JSON."""
    return dict(json.loads(run(*arguments, "--json", may_end=may_end)))


def take_over(kind: str, table: Path) -> int:
    """Import a table as somebody does who ticks every warning; give how many rows are new."""
    doubts = ask("import", kind, str(table), "--dry-run", may_end=(0, 3))["blocking"]
    ticks = [part for key in doubts for part in ("--accept", key)]
    return int(ask("import", kind, str(table), *ticks)["written"]["added"])
