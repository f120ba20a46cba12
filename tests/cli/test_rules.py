"""`edge-agent rules plan`: a timetable in, what is wanted out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
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
    assert all(word in result.stdout for word in ("签到", "A/p1/middle", "09:29 - 09:45", "ended_early"))
    assert max(map(cell_len, result.stdout.splitlines())) <= 80


def test_a_table_for_people_says_what_belongs_to_another_day(tmp_path: Path) -> None:
    night = LESSONS[0] | {"start": "23:30", "periods": 1}
    result = _plan(tmp_path, {"lessons": [night, night | {"id": "B", "date": "2026-03-04", "start": "00:10"}]})
    assert "23:15 - 23:45" in result.stdout
    assert "00:14 +1 - 00:30 +1" in result.stdout  # sign-out of A
    assert "23:55 -1 - 00:25" in result.stdout  # sign-in of B


@pytest.mark.parametrize(
    ("timetable", "named"),
    [
        ({"lessons": [LESSONS[0] | {"start": "8 o'clock"}]}, "lessons[0].start"),
        ({"lessons": [LESSONS[0], LESSONS[0]]}, "课程编号 A 重复"),
        ({"lesson": []}, "lessons: 缺少此键 / Field required"),
    ],
)
def test_a_wrong_timetable_is_refused_by_field(tmp_path: Path, timetable: object, named: str) -> None:
    result = _plan(tmp_path, timetable)
    assert result.exit_code == 2
    assert named in result.stderr


def test_the_offices_own_table(tmp_path: Path) -> None:
    """A class without an id yet: lessons are numbered, and the room stands for its cameras."""
    file = tmp_path / "课表.csv"
    rows = ["日期,时间,课时,课程内容,上课地点,授课教师", "2026-03-02,08:00-09:30,2,焊接安全,201教室,王老师"]
    rows += ["2026-03-02,14:00-15:30,2,焊条电弧焊,201教室,王老师"]
    file.write_text("\n".join(rows), "utf-8")
    result = CliRunner().invoke(app, ["rules", "plan", str(file), "--policy", "jinan-2024", "--json"])
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert [unit["unit"] for unit in answer["units"]] == ["L1/1", "L2/1"]
    assert [each["camera"] for each in answer["recordings"]] == ["201教室", "201教室"]
    assert answer["recordings"][1]["span"][0] == "2026-03-02T13:59:00+08:00"


def test_a_broken_table_names_row_and_column(tmp_path: Path) -> None:
    file = tmp_path / "课表.csv"
    file.write_text(
        "日期,时间,课时,课程内容,上课地点,授课教师\n2026-13-02,08:00-09:30,2,焊接安全,201教室,王老师", "utf-8"
    )
    result = CliRunner().invoke(app, ["rules", "plan", str(file), "--policy", "jinan-2024"])
    assert result.exit_code == 2
    assert "第 2 行 A 列" in result.stderr
    assert "row 2, column A" in result.stderr
