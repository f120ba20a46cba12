"""Short ways to look at a draft."""

from __future__ import annotations

from edge_agent.intake.commit import Draft


def found(draft: Draft, *severities: str) -> list[str]:
    """The keys of a draft's problems, of all severities or some."""
    return [problem.key for problem in draft.problems if not severities or problem.severity in severities]


def blocking(draft: Draft) -> list[str]:
    return [problem.key for problem in draft.problems.blocking()]
