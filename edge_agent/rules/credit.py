"""Periods earned, and whether they suffice: RULES, readings 1, 7 and 15."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from edge_agent.model.people import TrainingClass
from edge_agent.model.span import AttendanceUnit
from edge_agent.rules.attendance import Mark, Marks
from edge_agent.rules.policy import Policy


def credit(
    units: Iterable[AttendanceUnit], marks: Marks, policy: Policy, *, approved: int | None = None, strict: bool = False
) -> int:
    """Sum the periods of the units that were signed in and out of, capped at the approved periods.

    `strict` reads the pair limit as raw minutes (从严口径), which a policy may also make the rule itself.
    """
    longest = longest_pair(policy, strict=strict)
    earned = sum(unit.periods for unit in units if _is_pair(marks.get(unit.id), longest))
    return earned if approved is None else min(earned, approved)


def longest_pair(policy: Policy, *, strict: bool = False) -> timedelta | None:
    """How far apart the two taps of a unit may be, None where only the teaching between them counts."""
    basis = policy.pair_limit.basis
    if basis == "raw_minutes" or (strict and basis == "teaching"):
        return policy.pair_limit.periods * policy.period.length
    return None


def _is_pair(mark: Mark | None, longest: timedelta | None) -> bool:
    if mark is None or mark.signed_out is None:
        return False
    return longest is None or mark.signed_out - mark.signed_in <= longest


def reaches(credited: float, required: float, policy: Policy) -> bool:
    """Say whether `credited` of `required` periods are enough."""
    return credited * 100 >= required * policy.passing.percent


def needed(required: int, policy: Policy) -> int:
    """The fewest whole periods that are enough."""
    return -(-required * policy.passing.percent // 100)


@dataclass(frozen=True, slots=True)
class Share:
    """Credited and approved periods of one part of a class: attended, or online."""

    credited: float
    required: int


@dataclass(frozen=True, slots=True)
class Result:
    """The parts that must each reach the policy's share; one alone where the policy counts them together."""

    parts: tuple[Share, ...]
    passed: bool


def attended_required(training: TrainingClass, policy: Policy) -> int:
    """The approved periods that attendance must earn."""
    return training.required_periods - (training.online_required if policy.passing.online_separately else 0)


def pass_rule(attended: int, online: float, training: TrainingClass, policy: Policy) -> Result:
    """Judge attended and online periods; neither can make up for the other unless the policy counts them together."""
    online = min(online, training.online_required)
    if policy.passing.online_separately:
        parts = [Share(attended, attended_required(training, policy)), Share(online, training.online_required)]
    else:
        parts = [Share(min(attended + online, training.required_periods), training.required_periods)]
    return Result(tuple(parts), all(reaches(part.credited, part.required, policy) for part in parts))
