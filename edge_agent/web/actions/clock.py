"""An administrator's word on what the time is, where no network says it."""

from __future__ import annotations

from datetime import datetime

from edge_agent.errors import ConflictError
from edge_agent.model.kinds.capture import CameraClock
from edge_agent.model.kinds.system import ClockAnchor
from edge_agent.model.stamp import Stamp, Trust
from edge_agent.store.database import Connection
from edge_agent.store.facts import read_facts

WORD_ERROR = 30.0
"""Seconds within which a person's word is taken to be right: they read it off a phone."""


def anchor(stamp: Stamp, wall: datetime, opinions: tuple[str, ...]) -> ClockAnchor:
    """Give the fact that it is `wall` at `stamp`. Raises `ConflictError` where the clock is trusted."""
    if stamp.trust is not Trust.UNTRUSTED:
        raise ConflictError("The clock is right already (时间已校准).")
    return ClockAnchor(
        boot_id=stamp.boot_id,
        boottime=stamp.boottime,
        wall=wall,
        offset=(wall - stamp.wall).total_seconds(),
        max_error=WORD_ERROR,
        source="administrator",
        opinions=opinions,
    )


def second_opinions(connection: Connection, stamp: Stamp, browser: datetime | None) -> tuple[str, ...]:
    """Say what other clocks show against ours, in seconds: the cameras' last word, and the browser's."""
    skews = {fact.data["camera"]: fact.data["skew"] for fact in read_facts(connection, kinds=(CameraClock.KIND,))}
    found = [f"camera {camera} {skew:+.0f} s" for camera, skew in skews.items()]
    if browser is not None:
        found.append(f"browser {(browser - stamp.wall).total_seconds():+.0f} s")
    return tuple(found)
