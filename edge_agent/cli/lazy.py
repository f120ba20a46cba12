"""Commands that are imported when they run: `--help` stays fast, and a part that can't be loaded breaks only itself."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from importlib import import_module

import typer

from edge_agent.errors import EdgeAgentError

# The mounted application parses its own arguments, so the mount must leave them all alone, `--help` and `-x` too.
_PASS_THROUGH = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": False}


def mount(app: typer.Typer, name: str, load: Callable[[], typer.Typer], summary: str) -> None:
    """Add `name` to `app`. An error that a person can mend is printed with what to do, and gives its exit code."""

    def run(context: typer.Context) -> None:
        try:
            code = load()(args=context.args, prog_name=context.command_path, standalone_mode=False)
        except (EdgeAgentError, sqlite3.Error, OSError) as error:
            from edge_agent.serve.explain import explain, explain_path  # noqa: PLC0415 - only where something failed

            known = explain(error) or explain_path(error)
            if known is None:
                raise
            print(known.message, known.do, sep="\n" if known.do else "", file=sys.stderr)
            raise typer.Exit(known.exit_code) from None
        if isinstance(code, int):
            raise typer.Exit(code)

    app.command(name, help=summary, add_help_option=False, context_settings=_PASS_THROUGH)(run)


def attribute(target: str) -> Callable[[], typer.Typer]:
    """Give the loader of `module:name`."""

    def load() -> typer.Typer:
        module, _, name = target.partition(":")
        found: typer.Typer = getattr(import_module(module), name)
        return found

    return load
