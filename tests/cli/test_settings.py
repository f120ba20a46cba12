"""`edge-agent settings` shows what is in force, and is the way to check a file before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge_agent.cli.main import app


def test_shows_what_differs_from_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text('policy = "fixed-clock-daily"\n')
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(file))
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(app, ["settings"]).stdout
    (line,) = [line for line in shown.splitlines() if line.split()[1:2] == ["policy"]]
    assert "fixed-clock-daily" in line
    assert "jinan-2024" in line
    found = json.loads(CliRunner().invoke(app, ["settings", "--json"]).stdout)
    assert found["policy"] == "fixed-clock-daily"


def test_names_a_wrong_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[store]\ndata_dri = '/x'\n")
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(file))
    result = CliRunner().invoke(app, ["settings"])
    assert result.exit_code == 2
    assert "did you mean data_dir" in result.output
