"""When the device may be restarted: for an upgrade, or by a person who asks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from edge_agent.model.lesson import ByHand
from edge_agent.model.span import Span
from edge_agent.rules.gaps import merge
from edge_agent.rules.plan import Schedule


def idle_from(
    schedules: Iterable[Schedule], by_hand: Iterable[ByHand], now: datetime, needed: timedelta = timedelta(0)
) -> datetime:
    """The first moment from `now` on with `needed` time without a lesson, a recording or an open window to tap."""
    moment = now
    for span in merge([*_busy(schedules), *(Span(each.start, each.end) for each in by_hand)]):
        if span.start - moment >= needed and span.start > moment:
            break
        moment = max(moment, span.end)
    return moment


def _busy(schedules: Iterable[Schedule]) -> Iterable[Span]:
    for schedule in schedules:
        for unit in schedule.all_units:
            yield from (unit.sign_in, unit.teaching, unit.sign_out)
        yield from (recording.span for recording in schedule.recordings)
