"""The golden cases of the three policies, to the second."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli.main import app
from tests.data import golden

FILES = ["jinan-2024.json", "fixed-clock-daily.json", "random-3plus2.json"]


@pytest.mark.parametrize("name", FILES)
def test_the_replay_agrees(name: str) -> None:
    result = CliRunner().invoke(app, ["rules", "replay", str(golden(name)), "--check"])
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("name", FILES)
def test_json_is_the_documented_one(name: str) -> None:
    """The machine-readable answer bears what the file expects, by other eyes than `--check`."""
    cases = json.loads(golden(name).read_text())
    answer = json.loads(CliRunner().invoke(app, ["rules", "replay", str(golden(name)), "--json"]).stdout)
    assert answer == {
        "attendance": [
            {
                "id": case["id"],
                "units": case["expect_units"],
                "taps": [tap["expect"] for tap in case["taps"]],
                "credit": case["expect_credit"],
            }
            for case in cases["attendance"]
        ],
        "snapshots": [each["expect"] for each in cases.get("snapshots", [])],
    }


def test_check_names_each_difference(tmp_path: Path) -> None:
    cases = json.loads(golden("jinan-2024.json").read_text())
    first = cases["attendance"][0]
    first["expect_credit"] = 1
    first["taps"][0]["expect"][0]["outcome"] = "too_late"
    first["expect_units"][0]["sign_in"][1] = "2024-10-08T08:15:01+08:00"
    cases["pass_80_percent"][0]["pass"] = False
    cases["snapshots"][0]["expect"].pop()
    cases["teachers_needed"]["26"] = 1
    cases["resident_id"]["440524188001010015"] = True
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases))
    result = CliRunner().invoke(app, ["rules", "replay", str(file), "--check"])
    assert result.exit_code == 1
    starts = ["G01: tap 1", "G01: units", "G01: credit", "snapshots 1 (A)", "pass 32 of 40"]
    starts += ["resident id '440524188001010015'", "teachers for 26"]
    lines = result.stderr.splitlines()
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def _lesson(**changes: object) -> dict[str, object]:
    return {"lessons": [{"id": "A", "date": "2024-10-08", "start": "08:00", "periods": 2} | changes]}


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        ({"taps": [{"at": "2024-10-08T07:50:00"}]}, "attendance[0].taps[0].at"),
        ({"taps": [{"at": "today"}]}, "attendance[0].taps[0].at"),
        ({"lessons": [{"id": "A", "date": "2024-10-08", "start": "08:00", "periods": 0}]}, "lessons[0].periods"),
        ({"revisions": [{"at": "2024-10-08T07:50:00Z", "lesson": "B", "set": {}}]}, "lesson B"),
        ({"revisions": [{"at": "2024-10-08T07:50:00Z", "lesson": "A", "set": {"begin": "09:00"}}]}, "set.begin"),
        ({"policy": "nowhere-1999"}, "nowhere-1999"),
        ({"expect_credits": 2}, "expect_credits"),
        ({"approved": -3}, "attendance[0].approved"),
        (_lesson(start="08:00Z"), "lessons[0].start"),  # it was read as 08:00 of the place
        (_lesson(end="10:00+01:00"), "lessons[0].end"),
        (_lesson(start=800), "lessons[0].start"),  # it was read as 800 seconds after midnight
        (_lesson(date=1728345600), "lessons[0].date"),
        (_lesson(date="9999-12-31"), "lessons[0].date"),  # its windows end in a year that can't be told
        (_lesson(date="0001-01-01"), "lessons[0].date"),
        (_lesson(break_minutes=10**12), "lessons[0].break_minutes"),
        ({"revisions": [{"at": "2024-10-08T07:50:00Z", "lesson": "A", "set": {"start": "09:00Z"}}]}, "set.start"),
    ],
)
def test_a_wrong_file_is_refused_by_field(tmp_path: Path, edit: dict[str, object], named: str) -> None:
    case = {"id": "X", "taps": []} | _lesson() | edit
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"policy": "jinan-2024", "attendance": [case]}))
    result = CliRunner().invoke(app, ["rules", "replay", str(file)])
    assert result.exit_code == 2
    assert named in result.stderr


def test_remarks_of_another_tool_are_left_alone_and_said(tmp_path: Path) -> None:
    cases = json.loads(golden("jinan-2024.json").read_text())
    cases["attendance"][0]["seed"] = 4711
    cases["attendance"][1]["taps"][0]["why"] = "a second early"
    next(case for case in cases["attendance"] if "revisions" in case)["revisions"][0]["by"] = "the office"
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(cases))
    result = CliRunner().invoke(app, ["rules", "replay", str(file), "--check"])
    assert (result.exit_code, result.stderr) == (0, "未使用 / left unused: seed, by, why\n")


def test_a_case_without_taps_and_a_file_with_windows_mark_are_read(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    cases = json.dumps({"policy": "jinan-2024", "attendance": [{"id": "X"} | _lesson()]})
    file.write_text(cases, encoding="utf-8-sig")
    (case,) = json.loads(CliRunner().invoke(app, ["rules", "replay", str(file), "--json"]).stdout)["attendance"]
    assert (case["taps"], case["credit"], [unit["periods"] for unit in case["units"]]) == ([], 0, [2])


def test_not_json(tmp_path: Path) -> None:
    (tmp_path / "cases.json").write_text("{")
    result = CliRunner().invoke(app, ["rules", "replay", str(tmp_path / "cases.json")])
    assert result.exit_code == 2
    assert "cases.json: 不是有效的 JSON / Invalid JSON" in result.stderr


def test_each_snapshot_may_name_a_policy_and_a_file_that_expects_nothing_is_said_to(tmp_path: Path) -> None:
    lesson = {"id": "A", "date": "2024-10-08", "start": "08:00", "periods": 2}
    snapshots = [{"lesson": lesson}, {"lesson": lesson, "policy": "random-3plus2"}]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"policy": "jinan-2024", "snapshots": snapshots}))
    answer = json.loads(CliRunner().invoke(app, ["rules", "replay", str(file), "--json"]).stdout)
    assert [len(windows) for windows in answer["snapshots"]] == [6, 2]
    checked = CliRunner().invoke(app, ["rules", "replay", str(file), "--check"])
    assert checked.exit_code == 0
    assert "nothing was compared" in checked.stdout


def test_taps_keep_the_files_order_and_any_offset_to_the_microsecond(tmp_path: Path) -> None:
    """Taps are judged by time, whatever their order and zone; the answers stand in the order of the taps."""
    lesson = {"id": "A", "date": "2024-10-08", "start": "08:00", "periods": 2}
    moments = ["2024-10-08T01:45:00.000001Z", "2024-10-08T11:45:00+10:00", "2024-10-08T08:15:00.000001+08:00"]
    taps = [{"at": at} for at in [*moments, "2024-10-07T19:15:00-05:00"]]
    file = tmp_path / "cases.json"
    file.write_text(
        json.dumps({"policy": "jinan-2024", "attendance": [{"id": "X", "lessons": [lesson], "taps": taps}]})
    )
    case = json.loads(CliRunner().invoke(app, ["rules", "replay", str(file), "--json"]).stdout)["attendance"][0]
    outcomes = [visit[0]["outcome"] for visit in case["taps"]]
    assert outcomes == ["outside", "signed_out", "already_signed_in", "signed_in"]
    assert case["credit"] == 2
