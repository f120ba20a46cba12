"""A stretch of the journal for a package: the class's own facts whole, all others as digests.

`link = SHA256(prev || seq || SHA256(body))`, so a digest proves its place without telling its content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edge_agent.errors import NotFoundError
from edge_agent.model.fact import genesis
from edge_agent.store.database import Connection
from edge_agent.store.facts import place, read_head

Shown = Callable[[str, dict[str, Any]], bool]
"""Whether a fact, by its kind and its body as read, may be shown in this package."""


@dataclass(frozen=True, slots=True)
class Start:
    """The link before the stretch; the genesis where the stretch begins an epoch."""

    epoch: int
    seq: int
    link: str


def stretch_start(connection: Connection, first: int) -> Start:
    """Give the link before the fact with id `first`."""
    epoch, seq = place(first)
    if seq == 1:
        return Start(epoch, 0, genesis(read_head(connection).agent, epoch).hex())
    row = connection.execute("SELECT link FROM facts WHERE id = ?", (first - 1,)).fetchone()
    if row is None:
        raise NotFoundError(f"Fact {epoch}/{seq - 1} is not in the journal.", do="Run: edge-agent fsck")
    return Start(epoch, seq - 1, row["link"].hex())


def stretch(connection: Connection, first: int, last: int, shown: Shown) -> Iterator[str]:
    """Give the lines of `facts.jsonl` from id `first` to `last`: `{"e","s","b"}`, or with a digest `{"e","s","d"}`."""
    rows = connection.execute("SELECT id, kind, body FROM facts WHERE id BETWEEN ? AND ? ORDER BY id", (first, last))
    for row in rows:
        epoch, seq = place(row["id"])
        body: bytes = row["body"]
        line: dict[str, Any] = {"e": epoch, "s": seq}
        if shown(row["kind"], json.loads(body)):
            line["b"] = body.decode()
        else:
            line["d"] = hashlib.sha256(body).hexdigest()
        yield json.dumps(line, ensure_ascii=False)
