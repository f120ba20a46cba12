"""Limits of a class."""

from __future__ import annotations

from edge_agent.rules.policy import Policy


def teachers_needed(trainees: int, policy: Policy) -> int:
    """At least one teacher for each so many trainees."""
    return -(-trainees // policy.class_limits.trainees_per_teacher)
