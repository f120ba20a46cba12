"""Puts the time on record where a clock has become good after something was stamped by a doubtful one."""

from __future__ import annotations

from collections.abc import Iterable

from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.facts import read_anchors
from edge_agent.store.writer import Transaction


def note_anchor(tx: Transaction, waiting: Iterable[Stamp]) -> None:
    """Say what the time is, if the clock is synchronised by now, something of this boot waits, and nobody said it."""
    stamp = tx.stamp
    if stamp.trust is not Trust.SYNCED:
        return
    first = next((one for one in waiting if one.boot_id == stamp.boot_id), None)
    if first is None or any(anchor.boot_id == stamp.boot_id for anchor in read_anchors(tx.connection)):
        return
    offset = (stamp.wall - first.wall).total_seconds() - (stamp.boottime - first.boottime)
    tx.append(
        ClockAnchor(
            boot_id=stamp.boot_id,
            boottime=stamp.boottime,
            wall=stamp.wall,
            offset=offset,
            max_error=stamp.max_error,
            source="ntp",
        )
    )
