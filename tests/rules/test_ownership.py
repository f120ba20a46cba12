"""One owner, and revisions: a venue offline for days, a centre that didn't wait."""

from __future__ import annotations

import pytest

from edge_agent.model.people import Owner
from edge_agent.rules.ownership import Decision, Version, decide

CENTRE, VENUE = Owner.CENTRE, Owner.VENUE


@pytest.mark.parametrize(
    ("stored", "revision", "by", "decision"),
    [
        (None, 1, CENTRE, Decision.TAKE),
        (Version(CENTRE, 3), 4, CENTRE, Decision.TAKE),
        (Version(CENTRE, 3), 9, CENTRE, Decision.TAKE),
        (Version(CENTRE, 3), 3, CENTRE, Decision.KNOWN),
        (Version(CENTRE, 3), 2, CENTRE, Decision.STALE),
        (Version(CENTRE, 3), 4, VENUE, Decision.PENDING),
        (Version(CENTRE, 4, pending=1), 5, VENUE, Decision.PENDING),
        (Version(CENTRE, 4, pending=1), 4, VENUE, Decision.STALE),
        (Version(CENTRE, 5, pending=2), 4, CENTRE, Decision.OVERRULE),
        (Version(CENTRE, 5, pending=2), 3, CENTRE, Decision.KNOWN),
        (Version(VENUE, 3), 4, VENUE, Decision.TAKE),
        (Version(VENUE, 3), 3, CENTRE, Decision.STALE),
    ],
)
def test_revisions_decide(stored: Version | None, revision: int, by: Owner, decision: Decision) -> None:
    assert decide(stored, revision, by=by) is decision
