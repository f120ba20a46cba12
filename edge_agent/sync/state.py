"""What the device tells of itself."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from edge_agent import __version__
from edge_agent.clock import Clock
from edge_agent.store import outbox
from edge_agent.store.facts import read_head
from edge_agent.sync.contract.messages import State, Waiting


def read_state(connection: sqlite3.Connection, clock: Clock, acked: int, session: str, *, hello: bool) -> State:
    """Read the queue and the clock; cheap enough for every minute."""
    head, stamp = read_head(connection), clock.stamp()
    backlog = outbox.read_backlog(connection, acked)
    return State(
        online=True,
        session=session,
        hello=hello,
        version=__version__,
        epoch=head.epoch,
        seq=head.seq,
        head=head.link.hex(),
        facts=Waiting(
            count=backlog.count, oldest=None if backlog.oldest is None else datetime.fromisoformat(backlog.oldest)
        ),
        trust=stamp.trust.value,
        at=stamp.wall,
    )
