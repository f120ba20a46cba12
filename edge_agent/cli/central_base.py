"""What the commands of the centre share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from edge_agent.central.centre import Centre, Config

Database = Annotated[str, typer.Option(help="A file, or postgresql://user@host/name.")]
Keys = Annotated[Path, typer.Option(help="Folder of the centre's own keys, shared by its workers.")]
KEYS = Path("central-keys")


@contextmanager
def opened(database: str, keys: Path) -> Iterator[Centre]:
    """Open a centre for one command: no broker, no media."""
    centre = Centre(Config(database=database, mqtt="", media=str(keys / "none"), keys=keys, spool=keys / "spool"))
    try:
        yield centre
    finally:
        centre.close()
