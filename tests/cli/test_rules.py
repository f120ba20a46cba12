"""`edge-agent rules plan`: a timetable in, what is wanted out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from edge_agent.cli.main import app

LESSONS: list[dict[str, Any]] = [
    {"id": "A", "class_id": "C", "date": "2026-03-02", "start": "08:00", "periods": 2, "room": "R1"},
    {"id": "B", "class_id": "C", "date": "2026-03-02", "start": "09:30", "periods": 3, "room": "R1", "end": "10:20"},
]


def _plan(folder: Path, timetable: object, *options: str) -> Result:
    file = folder / "timetable.json"
    file.write_text(json.dumps(timetable))
    return CliRunner().invoke(app, ["rules", "plan", str(file), "--policy", "jinan-2024", *options])


def test_json(tmp_path: Path) -> None:
    result = _plan(tmp_path, {"lessons": LESSONS, "rooms": {"R1": ["cam1"]}}, "--json")
    answer = json.loads(result.stdout)
    assert answer["policy"].startswith("jinan-2024@")
    assert [unit["unit"] for unit in answer["units"]] == ["A/1", "B/1"]
    assert answer["recordings"][1] == {
        "camera": "cam1",
        "lesson": "B",
        "span": ["2026-03-02T09:30:00+08:00", "2026-03-02T10:20:00+08:00"],
    }
    second = answer["lessons"][1]
    assert [period["held"] for period in second["periods"]] == [True, False, False]
    assert [slot["void"] for slot in second["slots"]] == [""] * 3 + ["ended_early"] * 6


def test_a_table_for_people(tmp_path: Path) -> None:
    result = _plan(tmp_path, {"lessons": LESSONS})
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("签到", "A/p1/middle", "2026-03-02 09:29:00", "ended_early"))


@pytest.mark.parametrize(
    ("timetable", "named"),
    [
        ({"lessons": [LESSONS[0] | {"start": "8 o'clock"}]}, "lessons[0].start"),
        ({"lessons": [LESSONS[0], LESSONS[0]]}, "lesson A twice"),
        ({"lesson": []}, "lessons: Field required"),
    ],
)
def test_a_wrong_timetable_is_refused_by_field(tmp_path: Path, timetable: object, named: str) -> None:
    result = _plan(tmp_path, timetable)
    assert result.exit_code == 2
    assert named in result.stderr
