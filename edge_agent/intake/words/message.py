"""What a problem's words are."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.intake.problems import Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@dataclass(frozen=True, slots=True)
class Message:
    """Texts in the form of `str.format`; they say what is wrong and what to do."""

    severity: Severity
    zh: str
    en: str
