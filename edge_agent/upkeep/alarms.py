"""Raising and clearing: a trouble must last before it is an alarm, and must be gone for a while before it is none.

The same holds between a warning and a critical alarm: a temperature that swings about its bound is raised once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge_agent.model.fact import Payload
from edge_agent.model.kinds.system import AlarmCleared, AlarmRaised
from edge_agent.store.alarms import OpenAlarm
from edge_agent.upkeep.health.finding import Finding, Level

RAISE_AFTER = 2
"""Examinations in a row that must find a trouble: a camera that reboots once is none."""

CLEAR_AFTER = 3
"""Examinations in a row without it, or with less of it."""


@dataclass
class _Trouble:
    """`raised` is the level that is on the record, None before; `calm` counts examinations that found less than it."""

    finding: Finding
    seen: int = 0
    calm: int = 0
    raised: Level | None = None


class Alarms:
    """Fed with each examination's findings; gives the facts that follow. Notices are shown, never raised.

    `known` are those that were raised before a restart: they are not raised again, and are cleared when they are over.
    """

    def __init__(self, known: Iterable[OpenAlarm] = ()) -> None:
        self._troubles = {
            each.alarm: _Trouble(
                Finding(each.alarm, Level[each.level.upper()], each.zh, each.en, each.do_zh, each.do_en),
                seen=RAISE_AFTER,
                raised=Level[each.level.upper()],
            )
            for each in known
        }

    def update(self, findings: Iterable[Finding]) -> list[Payload]:
        current = {finding.alarm: finding for finding in findings if finding.level is not Level.NOTICE}
        facts: list[Payload] = []
        for alarm, finding in current.items():
            trouble = self._troubles.setdefault(alarm, _Trouble(finding))
            trouble.finding, trouble.seen = finding, trouble.seen + 1
            if trouble.raised is None:
                due = trouble.seen >= RAISE_AFTER
            else:
                due = finding.level > trouble.raised
                trouble.calm = trouble.calm + 1 if finding.level < trouble.raised else 0
                if trouble.calm >= CLEAR_AFTER:
                    trouble.raised, trouble.calm = finding.level, 0
            if due:
                trouble.raised, trouble.calm = finding.level, 0
                facts.append(AlarmRaised(alarm=alarm, level=_word(finding.level), detail=finding.zh))
        for alarm in [alarm for alarm in self._troubles if alarm not in current]:
            trouble = self._troubles[alarm]
            trouble.calm += 1
            if trouble.raised is None or trouble.calm >= CLEAR_AFTER:
                del self._troubles[alarm]
                if trouble.raised is not None:
                    facts.append(AlarmCleared(alarm=alarm))
        return facts

    @property
    def raised(self) -> list[OpenAlarm]:
        """Those on the record now, the worst first."""
        found = [_open(each.finding, each.raised) for each in self._troubles.values() if each.raised is not None]
        return sorted(found, key=lambda alarm: alarm.level != "critical")


def _word(level: Level) -> Literal["warning", "critical"]:
    return "critical" if level is Level.CRITICAL else "warning"


def _open(finding: Finding, level: Level) -> OpenAlarm:
    return OpenAlarm(finding.alarm, _word(level), finding.zh, finding.en, finding.do_zh, finding.do_en)
