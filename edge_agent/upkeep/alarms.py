"""Raising and clearing: a trouble must last before it is an alarm, and must be gone for a while before it is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from edge_agent.model.fact import Payload
from edge_agent.model.kinds.system import AlarmCleared, AlarmRaised
from edge_agent.upkeep.health.finding import Finding, Level

RAISE_AFTER = 2
"""Examinations in a row that must find a trouble: a camera that reboots once is none."""

CLEAR_AFTER = 3


@dataclass
class _Trouble:
    finding: Finding
    seen: int = 0
    missed: int = 0
    raised: bool = False


class Alarms:
    """Fed with each examination's findings; gives the facts that follow. Notices are shown, never raised."""

    def __init__(self) -> None:
        self._troubles: dict[str, _Trouble] = {}

    def update(self, findings: Iterable[Finding]) -> list[Payload]:
        current = {finding.alarm: finding for finding in findings if finding.level is not Level.NOTICE}
        facts: list[Payload] = []
        for alarm, finding in current.items():
            trouble = self._troubles.setdefault(alarm, _Trouble(finding))
            worse = trouble.raised and finding.level > trouble.finding.level
            trouble.finding, trouble.seen, trouble.missed = finding, trouble.seen + 1, 0
            if (trouble.seen >= RAISE_AFTER and not trouble.raised) or worse:
                trouble.raised = True
                critical = finding.level is Level.CRITICAL
                facts.append(AlarmRaised(alarm=alarm, level="critical" if critical else "warning", detail=finding.zh))
        for alarm in [alarm for alarm in self._troubles if alarm not in current]:
            trouble = self._troubles[alarm]
            trouble.missed += 1
            if not trouble.raised or trouble.missed >= CLEAR_AFTER:
                del self._troubles[alarm]
                if trouble.raised:
                    facts.append(AlarmCleared(alarm=alarm))
        return facts

    @property
    def raised(self) -> list[Finding]:
        return [trouble.finding for trouble in self._troubles.values() if trouble.raised]
