"""Every policy key, outcome, reason and remedy stands in docs/rules.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from enum import StrEnum

import pytest

from edge_agent.policies import load_policy
from edge_agent.rules.attendance import Outcome
from edge_agent.rules.reasons import Code, Remedy
from edge_agent.rules.verdict import Verdict
from tests.data import ROOT

TEXT = (ROOT / "docs" / "rules.md").read_text("utf-8")
NAMED = set(re.findall(r"`([\w.]+)`", TEXT))


def _keys(table: object, path: str = "") -> Iterator[str]:
    for field in fields(table) if is_dataclass(table) else ():
        value = getattr(table, field.name)
        if is_dataclass(value):
            yield from _keys(value, f"{path}{field.name}.")
        elif value is not None:
            yield f"{path}{field.name}"


@pytest.mark.parametrize("name", ["jinan-2024", "fixed-clock-daily"])
def test_every_key(name: str) -> None:
    """The second key of a row is written short: `snapshots.opening`, `.closing`."""
    missing = [
        key for key in _keys(load_policy(name).policy) if key not in NAMED and f".{key.rpartition('.')[2]}" not in NAMED
    ]
    assert missing == []


@pytest.mark.parametrize("names", [Outcome, Code, Remedy, Verdict], ids=lambda names: names.__name__)
def test_every_word(names: type[StrEnum]) -> None:
    assert [name.value for name in names if name.value not in NAMED] == []
