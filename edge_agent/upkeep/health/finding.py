"""What a check says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from edge_agent.upkeep.health.view import View


class Level(IntEnum):
    NOTICE = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """`alarm` names the trouble and its subject (`camera:c1`), for raising and clearing; the rest is for people."""

    alarm: str
    level: Level
    zh: str
    en: str
    do_zh: str
    do_en: str


class Check(Protocol):
    """One thing to look at; `name` and `title` say what."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def judge(self, view: View) -> Iterator[Finding]: ...
