"""Reasons of the rules, as code and in the caller's language."""

from __future__ import annotations

from collections.abc import Iterable

from edge_agent.evidence.words import reason_text
from edge_agent.rules.reasons import Code, Reason, Remedy
from edge_agent.web.api.base import Instant, Told
from edge_agent.web.guard import View
from edge_agent.web.words import words


class ReasonTold(Told):
    """`fault` says that it makes something incomplete; `until` is when the remedy's chance ends."""

    code: Code
    text: str
    fault: bool
    remedy: Remedy | None
    until: Instant | None


def reasons_told(view: View, reasons: Iterable[Reason]) -> list[ReasonTold]:
    say = words(view.language).gettext
    return [
        ReasonTold(
            code=each.code,
            text=reason_text(each, view.zone, say),
            fault=each.is_fault,
            remedy=each.remedy,
            until=each.until,
        )
        for each in reasons
    ]
