"""Signs of life of cameras, in memory: written every few seconds, they would wear out an SD card with commits.

They lie in `/dev/shm`, which every service of one device sees and which a reboot empties, as it should: a camera is
heard again, or it is not. Where there is none they lie beside the database.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from edge_agent.store.database import Connection, from_micros, to_micros

_MEMORY = Path("/dev/shm")  # noqa: S108 - files of a name that only this database has


def note_heard(database: Path, heard: Mapping[str, datetime]) -> None:
    """Say which cameras are heard and when each was last; one that is not named counts as its row says."""
    told = json.dumps({camera: to_micros(at) for camera, at in heard.items()})
    for place in _places(database):
        partial = place.with_name(f"{place.name}.{os.getpid()}")
        with suppress(OSError):  # full, or of another user: the next place
            partial.write_text(told)
            partial.replace(place)
            return


def read_heard(connection: Connection) -> dict[str, datetime]:
    """Give when each camera was last heard, as far as anybody said so since the machine started."""
    database = next(row["file"] for row in connection.execute("PRAGMA database_list") if row["name"] == "main")
    found: dict[str, datetime] = {}
    for place in _places(Path(database)):
        with suppress(OSError, ValueError, AttributeError, TypeError):  # none yet, or torn
            told = {camera: from_micros(at) for camera, at in json.loads(place.read_text()).items()}
            found |= {camera: max(at, found.get(camera, at)) for camera, at in told.items()}
    return found


def _places(database: Path) -> Iterator[Path]:
    full = database.resolve()
    if _MEMORY.is_dir():
        yield _MEMORY / f"edge-agent-{hashlib.sha256(os.fsencode(full)).hexdigest()[:16]}.heard"
    yield full.with_name("cameras.heard")
