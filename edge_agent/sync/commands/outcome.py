"""What carrying out a command comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from edge_agent.store import requests
from edge_agent.store.writer import Transaction


@dataclass(frozen=True, slots=True)
class Done:
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """Another service works on it: `request` is what it will answer."""

    request: str


Outcome = Done | Asked
Job: TypeAlias = Callable[[Transaction, Any, str], Outcome]
"""Carries out one kind of arguments within a transaction; the text is who commands, as facts name it."""


def ask(tx: Transaction, kind: str, args: dict[str, Any], *, by: str, ttl: timedelta) -> Asked:
    return Asked(requests.ask(tx, kind, args, by=by, ttl=ttl))
