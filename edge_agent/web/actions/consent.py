"""Consents and identity checks: by the trainee, or by staff with a signed sheet of paper."""

from __future__ import annotations

from edge_agent.model.kinds.people import ConsentGiven, ConsentWithdrawn, IdentityChecked
from edge_agent.store import consents, identity, training
from edge_agent.store.consents import Purpose
from edge_agent.store.writer import Transaction

TEXT = "2025-06"
"""The version of both wordings (`templates/me/consent.html`); another wording gets another version."""


def give(tx: Transaction, trainee: str, purpose: Purpose, *, by: str, paper: str = "", guardian: bool = False) -> None:
    """Note a consent. `guardian`: a parent gave it for a child under 14."""
    training.get_trainee(tx.connection, trainee)
    given = ConsentGiven(trainee=trainee, purpose=purpose, text=TEXT, at=tx.stamp.wall, paper=paper, guardian=guardian)
    consents.give(tx, given, by=by)


def withdraw(tx: Transaction, trainee: str, purpose: Purpose, *, by: str) -> None:
    """Take a consent back. Without recognition an uploaded face makes no sense either."""
    training.get_trainee(tx.connection, trainee)
    purposes: tuple[Purpose, ...] = ("recognise", "upload") if purpose == "recognise" else (purpose,)
    for each in purposes:
        consents.withdraw(tx, ConsentWithdrawn(trainee=trainee, purpose=each, at=tx.stamp.wall), by=by)


def check_identity(tx: Transaction, trainee: str, *, accepted: bool, reason: str, by: str) -> None:
    """人工审核: somebody compared the card with the person. A refusal says why; a temporary card is not taken."""
    identity.check(tx, IdentityChecked(trainee=trainee, method="manual", accepted=accepted, reason=reason), by=by)
