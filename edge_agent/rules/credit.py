"""Periods earned, and whether they suffice: RULES, readings 1, 7 and 15."""

from __future__ import annotations

from collections.abc import Iterable

from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Mark, Marks
from edge_agent.rules.policy import Policy


def credit(
    units: Iterable[AttendanceUnit], marks: Marks, policy: Policy, *, approved: int | None = None, strict: bool = False
) -> int:
    """Sum the periods of the units that were signed in and out of, capped at the approved periods.

    `strict` reads the pair limit as raw minutes (从严口径), which a policy may also make the rule itself.
    """
    raw_minutes = policy.pair_limit.basis == "raw_minutes" or (strict and policy.pair_limit.basis != "off")
    earned = sum(
        unit.periods
        for unit in units
        if (mark := marks.get(unit.id)) is not None and _is_pair(mark, policy, raw_minutes=raw_minutes)
    )
    return earned if approved is None else min(earned, approved)


def _is_pair(mark: Mark, policy: Policy, *, raw_minutes: bool) -> bool:
    if mark.signed_out is None:
        return False
    return not raw_minutes or mark.signed_out - mark.signed_in <= policy.pair_limit.periods * policy.period.length


def reaches(credited: float, required: float, policy: Policy) -> bool:
    """Say whether `credited` of `required` periods are enough."""
    return credited * 100 >= required * policy.passing.percent
