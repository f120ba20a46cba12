"""The password of an encrypted package, asked of a person where there is one."""

from __future__ import annotations

import sys

import typer

ENVIRONMENT = "EDGE_AGENT_EXPORT_PASSWORD"


def ask(prompt: str, *, twice: bool = False) -> str:
    """Give what is typed, unseen; nothing where no person sits at a terminal. Standard output stays clean."""
    if not sys.stdin.isatty():
        return ""
    typed: str = typer.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
    return typed
