"""How long an account is locked after failures: pure."""

from __future__ import annotations

FREE = 5
"""Wrong tries that cost nothing."""

FIRST, LONGEST = 30.0, 3600.0


def locked_for(failures: int) -> float:
    """Give the seconds of lock that the failure number `failures` starts: none, then 30 s, doubling to an hour."""
    if failures < FREE:
        return 0.0
    return min(FIRST * 2.0 ** min(failures - FREE, 10), LONGEST)
