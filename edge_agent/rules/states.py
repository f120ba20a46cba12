"""States of a class: draft, submitted, approved, closed, deleted (RULES, reading 16)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from edge_agent.model.people import ClassState, TrainingClass


class Action(StrEnum):
    SUBMIT = "submit"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    REJECT = "reject"
    OPEN_BY_HAND = "open_by_hand"
    CLOSE = "close"
    REOPEN = "reopen"
    DELETE = "delete"
    RESTORE = "restore"


_MOVES: Mapping[tuple[ClassState, Action], ClassState] = {
    (ClassState.DRAFT, Action.SUBMIT): ClassState.SUBMITTED,
    (ClassState.SUBMITTED, Action.WITHDRAW): ClassState.DRAFT,
    (ClassState.SUBMITTED, Action.REJECT): ClassState.DRAFT,
    (ClassState.SUBMITTED, Action.APPROVE): ClassState.APPROVED,
    (ClassState.SUBMITTED, Action.OPEN_BY_HAND): ClassState.SUBMITTED,
    (ClassState.APPROVED, Action.OPEN_BY_HAND): ClassState.APPROVED,
    (ClassState.APPROVED, Action.CLOSE): ClassState.CLOSED,
    (ClassState.CLOSED, Action.REOPEN): ClassState.APPROVED,
    (ClassState.DRAFT, Action.DELETE): ClassState.DELETED,
    (ClassState.SUBMITTED, Action.DELETE): ClassState.DELETED,
    (ClassState.APPROVED, Action.DELETE): ClassState.DELETED,
    (ClassState.CLOSED, Action.DELETE): ClassState.DELETED,
    (ClassState.DELETED, Action.RESTORE): ClassState.DRAFT,
}


def after(state: ClassState, action: Action) -> ClassState | None:
    """Give the state that `action` leads to, None where the state doesn't know it."""
    return _MOVES.get((state, action))


def actions(state: ClassState) -> tuple[Action, ...]:
    """What can be done with a class in this state."""
    return tuple(action for known, action in _MOVES if known is state)


def runs(training: TrainingClass) -> bool:
    """Say whether the class's lessons are recorded and attended.

    An approved class runs even if nobody pressed 立即开班. A submitted one runs when somebody did: a venue whose
    approval has not come through must not lose its lessons; the pages show it as 待中心确认.
    """
    if training.state is ClassState.SUBMITTED:
        return training.opened_by_hand
    return training.state is ClassState.APPROVED
