"""What the device tells of itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from edge_agent import __version__
from edge_agent.clock import Clock
from edge_agent.store import outbox, uploads
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_head
from edge_agent.store.uploads import Wanted
from edge_agent.sync.contract.messages import State, Waiting


def read_state(
    connection: Connection, clock: Clock, acked: int, wanted: Sequence[Wanted], session: str, *, hello: bool
) -> State:
    """Read the queues and the clock; cheap enough for every minute."""
    head, stamp = read_head(connection), clock.stamp()
    backlog = outbox.read_backlog(connection, acked)
    media = uploads.read_waiting(connection, wanted)
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
        media=Waiting(count=media.count, bytes=media.size),
        trust=stamp.trust.value,
        at=stamp.wall,
    )
