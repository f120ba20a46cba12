"""Whose version of a class, roster or lesson counts: revisions decide, never clocks (RULES, reading 17)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_agent.model.people import Owner


class Decision(StrEnum):
    """`take`: store it. `pending`: store it, it counts at once and awaits the owner (待中心确认). `overrule`: store
    it, and say that the edit that was pending is refused. `known`: it is here already. `stale`: it was made from an
    older version; refuse it, and show the stored one.
    """

    TAKE = "take"
    PENDING = "pending"
    OVERRULE = "overrule"
    KNOWN = "known"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Version:
    """What is stored: `pending` counts the edits on top of the owner's last revision that it has not confirmed."""

    owner: Owner
    revision: int
    pending: int = 0


def decide(stored: Version | None, revision: int, *, by: Owner) -> Decision:
    """Decide about version `revision`, made by `by`, of what is stored as `stored`."""
    if stored is None:
        return Decision.TAKE
    if by is not stored.owner:
        return Decision.PENDING if revision == stored.revision + 1 else Decision.STALE
    confirmed = stored.revision - stored.pending
    if revision > confirmed:
        return Decision.OVERRULE if stored.pending else Decision.TAKE
    return Decision.KNOWN if revision == confirmed else Decision.STALE
