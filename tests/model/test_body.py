"""Every kind of fact: its bytes are what the json module would give, and hold nothing of a wrong type."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.model.body import Envelope
from edge_agent.model.fact import CATALOGUE, Payload
from edge_agent.model.kinds.attendance import Recognition, SignedIn
from edge_agent.model.stamp import Stamp, Trust, instant
from edge_agent.sync.contract.facts import check_body

STAMP = Stamp(datetime(2026, 3, 2, tzinfo=UTC), "boot-1", 12.3456, Trust.SYNCED, 0.0123456789)
ENVELOPE = Envelope(agent='ea-"1"', epoch=2, stamp=STAMP)

st.register_type_strategy(datetime, st.datetimes(timezones=st.sampled_from([UTC])))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(1 << 53), 1 << 53))
st.register_type_strategy(str, st.text(st.characters(codec="utf-8"), max_size=20))

payloads = st.sampled_from(sorted(CATALOGUE)).flatmap(lambda kind: st.from_type(CATALOGUE[kind]))


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(payloads, st.text(st.characters(codec="utf-8"), max_size=5))
def test_a_body_is_what_the_json_module_gives(payload: Payload, by: str) -> None:
    expected = {
        "v": 1,
        "agent": 'ea-"1"',
        "epoch": 2,
        "seq": 7,
        "kind": payload.KIND,
        "clock": {
            "wall": "2026-03-02T00:00:00.000Z",
            "boot_id": "boot-1",
            "boottime": 12.346,
            "trust": "synced",
            "max_error": 0.012346,
        },
        "policy": "p@00",
        "by": by,
        "data": plain(payload),
    }
    body = ENVELOPE.body(7, payload, policy="p@00", by=by)
    assert body.decode() == json.dumps(expected, ensure_ascii=False, separators=(",", ":"), default=plain)
    kind, fact, flaw = check_body(body)
    assert (kind, fact is None, flaw) == (payload.KIND, False, "")


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(payloads)
def test_a_value_of_another_type_is_refused_by_field(payload: Any) -> None:
    for field in fields(payload):
        wrong = replace(payload, **{field.name: b"bytes"})
        with pytest.raises(ValueError, match=rf"{type(payload).__name__}\.{field.name}"):
            ENVELOPE.body(1, wrong, policy="", by="")


RECOGNITION = Recognition(engine="e", score=0.6, margin=0.2, frames=3, liveness="passive")
SIGNED_IN = SignedIn(unit="A/1", class_id="C", lesson="A", trainee="T", at=STAMP.wall, method="face", visit="V")


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": STAMP.wall.replace(tzinfo=None)},
        {"at": "2026-03-02T00:00:00Z"},
        {"at": date(2026, 3, 2)},
        {"method": "guess"},
        {"revision": True},
        {"revision": 1.0},
        {"unit": None},
        {"recognition": {"score": 1}},
        {"recognition": replace(RECOGNITION, score=float("nan"))},
    ],
)
def test_what_nearly_fits_is_refused(wrong: dict[str, Any]) -> None:
    (field,) = wrong
    with pytest.raises(ValueError, match=rf"SignedIn\.{field}"):
        ENVELOPE.body(1, replace(SIGNED_IN, **wrong), policy="", by="")
