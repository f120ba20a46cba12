"""Watches the clock and says on the record what it did: trust, steps, and anchors that set untrusted stamps right."""

from __future__ import annotations

from datetime import datetime, timedelta

from edge_agent.clock import StepDetector
from edge_agent.model.fact import Payload
from edge_agent.model.kinds.system import ClockAnchor, ClockStepped, ClockTrustChanged
from edge_agent.model.stamp import Stamp, Trust


class Timekeeper:
    """Fed with every tick's stamp; gives the facts that follow from it.

    An anchor is due when a boot that began untrusted becomes synchronised: from then on every provisional tap of that
    boot can be judged. `offset` is how far the untrusted wall was behind.
    """

    def __init__(self) -> None:
        self._steps = StepDetector()
        self._trust: Trust | None = None
        self._doubted: dict[str, datetime] = {}

    def observe(self, stamp: Stamp) -> list[Payload]:
        facts: list[Payload] = []
        step = self._steps.step(stamp)
        if step:
            facts.append(ClockStepped(step=round(step, 3), boot_id=stamp.boot_id, boottime=stamp.boottime))
        if stamp.trust is not self._trust:
            facts.append(ClockTrustChanged(trust=stamp.trust.value, max_error=stamp.max_error))
            self._trust = stamp.trust
        if stamp.trust is Trust.UNTRUSTED:
            self._doubted.setdefault(stamp.boot_id, boot_began(stamp))
        elif stamp.trust is Trust.SYNCED and stamp.boot_id in self._doubted:
            facts.append(self._anchor(stamp, self._doubted.pop(stamp.boot_id)))
        return facts

    def _anchor(self, stamp: Stamp, doubted: datetime) -> ClockAnchor:
        return ClockAnchor(
            boot_id=stamp.boot_id,
            boottime=stamp.boottime,
            wall=stamp.wall,
            offset=round((boot_began(stamp) - doubted).total_seconds(), 3),
            max_error=stamp.max_error,
            source="ntp",
        )


def boot_began(stamp: Stamp) -> datetime:
    """Give the wall time of the boot by this stamp: it changes by exactly what the wall was corrected by."""
    return stamp.wall - timedelta(seconds=stamp.boottime)


def confirmed_by_person(
    stamp: Stamp, true_wall: datetime, *, opinions: tuple[str, ...], max_error: float = 60.0
) -> ClockAnchor:
    """Make the anchor of an administrator who confirms the time, with other clocks as second opinions.

    A minute of doubt: a person reads a wall clock or a telephone, and confirms it with a tap.
    """
    return ClockAnchor(
        boot_id=stamp.boot_id,
        boottime=stamp.boottime,
        wall=true_wall,
        offset=round((true_wall - stamp.wall).total_seconds(), 3),
        max_error=max_error,
        source="administrator",
        opinions=opinions,
    )
