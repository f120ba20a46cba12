"""Policy files: what is shipped is sound, what is wrong is named."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from edge_agent.errors import InputError, NotFoundError
from edge_agent.policies import load_policy, parse_policy, policy_folder, policy_names

SHIPPED = ["demo-minute", "fixed-clock-daily", "jinan-2024", "random-3plus2"]
JINAN = (policy_folder() / "jinan-2024.toml").read_bytes()


def test_the_shipped_ones() -> None:
    assert list(policy_names()) == SHIPPED
    for name in SHIPPED:
        assert load_policy(name).policy.id == name


def test_all_files_have_the_same_tables() -> None:
    """A figure that one file leaves to a default would be a figure that its reader can't see."""
    tables = [set(tomllib.loads((policy_folder() / f"{name}.toml").read_text())) for name in SHIPPED]
    windows = {"unit_windows", "fixed_clock"}
    assert len({frozenset(table - windows) for table in tables}) == 1


def test_a_path_and_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(JINAN.replace(b'id = "jinan-2024"', b'id = "mine"'))
    assert load_policy(file).stamp == f"mine@{hashlib.sha256(file.read_bytes()).hexdigest()}"


def test_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="jinan-2024"):
        load_policy("jinan-2025")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("lead_days", "lead_day", "submission.lead_day: 未知的键 / unknown key，是不是 / did you mean lead_days"),
        ("before =", "befor =", "unit_windows.sign_in.befor: 未知的键 / unknown key，是不是 / did you mean before"),
        ("[submission]", "[submissions]", "submissions: 未知的键 / unknown key，是不是 / did you mean submission"),
        ('"00:45:00"', "45", 'period.length: 应写作 "时:分:秒" / Input should be a valid duration'),
        ('"00:45:00"', '"00:20:00"', "之和须小于 period.length / together must be shorter"),
        ('"00:45:00"', '"-00:45:00"', "period.length 不能为负 / must not be negative"),
        ('"teaching"', '"minutes"', "pair_limit.basis"),
        ("percent = 80", "percent = 180", "passing.percent 最大为 100 / must be at most 100"),
        ("periods = 2", "periods = 0", "pair_limit.periods 必须大于零 / must be more than zero"),
        ("periods = 2", 'periods = "2"', "pair_limit.periods: 应为整数 / Input should be a valid integer"),
        ("least_percent = 20", "least_percent = 50", "online.least_percent 不能大于"),
        ('after = "00:15:00" }\nsign_out', 'after = "00:44:00" }\nsign_out', "unit_windows.sign_in.after"),
        ('opening_target = "00:03:00"', 'opening_target = "00:09:30"', "snapshots.opening_target 须在该窗口内"),
        ('jitter = "00:01:00"', 'jitter = "00:14:00"', "snapshots.jitter"),
        ("Asia/Shanghai", "Europe/Berlin", "changes its clocks"),
        ("Asia/Shanghai", "Asia/Jinan", "timezone 'Asia/Jinan' 不是时区 / is not known"),
        (
            "[unit_windows]\n",
            "[unused]\n",
            "exactly one of unit_windows and fixed_clock|unused: 未知的键",
        ),
        ("count = 0", "count = 60", "clips.count × clips.length 须"),
        ("[period]", "[period", "not valid TOML"),
    ],
)
def test_a_wrong_figure_is_named(old: str, new: str, named: str) -> None:
    assert old.encode() in JINAN
    with pytest.raises(InputError, match=named):
        parse_policy(JINAN.replace(old.encode(), new.encode()), source="mine.toml")


def test_fixed_clock_excludes_the_pair_limit() -> None:
    content = (policy_folder() / "fixed-clock-daily.toml").read_bytes()
    with pytest.raises(InputError, match=r"pair_limit\.basis 在有 fixed_clock 时"):
        parse_policy(content.replace(b'"off"', b'"teaching"'), source="mine.toml")
    with pytest.raises(InputError, match="sign_in must open"):
        parse_policy(content.replace(b"08:50:00", b"17:10:00"), source="mine.toml")
