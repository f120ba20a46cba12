"""`edge-agent backup` and `edge-agent restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edge_agent.serve.agent import prepare_agent
from edge_agent.settings import load_settings
from edge_agent.store.backup import make_backup, restore_backup

backup_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
restore_app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@backup_app.command()
def backup(out: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """备份数据库 / copy the database while everything runs; faces and keys are not in it."""
    made = make_backup(load_settings().store.database, out)
    print(f"{made.path}: {made.epoch}/{made.seq}, SHA-256 {made.sha256}")


@restore_app.command()
def restore(file: Annotated[Path, typer.Argument(help="The backup.")]) -> None:
    """恢复数据库 / put a backup back; stop the services first. A new epoch begins, nothing is numbered twice."""
    settings = load_settings()
    settings.store.data_dir.mkdir(parents=True, exist_ok=True)
    restore_backup(settings.store.database, file)
    head = prepare_agent(settings)
    print(f"{settings.store.database}: epoch {head.epoch}, {head.seq} facts in it")
