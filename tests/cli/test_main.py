"""The root command: lazy, and honest about errors."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

from edge_agent import __version__
from edge_agent.cli.bench import BENCHES
from edge_agent.cli.bench import app as bench
from edge_agent.cli.lazy import mount
from edge_agent.cli.main import COMMANDS, app
from edge_agent.errors import ConflictError


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_agent", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout.strip()) == (0, __version__)


def test_help_imports_no_part() -> None:
    program = (
        "import sys\nfrom edge_agent.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith('edge_agent.') and '.cli' not in name])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.splitlines()[-1] == "['edge_agent.errors']"
    assert all(name in result.stdout for name in COMMANDS)


def test_verifying_loads_nothing_that_makes_packages() -> None:
    program = "import sys\nimport edge_agent.cli.verify\nprint(*{name.split('.')[0] for name in sys.modules})"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert {"reportlab", "openpyxl", "numpy", "cv2", "jinja2", "sqlite3"}.isdisjoint(result.stdout.split())


@pytest.mark.parametrize("target", [target for target, _ in [*COMMANDS.values(), *BENCHES.values()]])
def test_each_command_is_where_the_table_says(target: str) -> None:
    module, _, name = target.partition(":")
    assert callable(getattr(import_module(module), name))


def test_arguments_and_help_reach_the_mounted_command() -> None:
    shown = _run("rules", "replay", "--help")
    assert shown.returncode == 0
    assert "edge-agent rules replay" in shown.stdout
    wrong = _run("rules", "replay", "--colour")
    assert wrong.returncode == 2
    assert "--colour" in wrong.stderr


def _mounted(error: Exception | int) -> typer.Typer:
    part = typer.Typer()

    @part.command()
    def act() -> None:
        if isinstance(error, int):
            raise typer.Exit(error)
        raise error

    root = typer.Typer()
    mount(root, "part", lambda: part, "A part.")
    root.callback()(lambda: None)
    return root


def test_an_error_says_what_to_do() -> None:
    result = CliRunner().invoke(_mounted(ConflictError("Taken.", do="Choose another.")), ["part"])
    assert (result.exit_code, result.stderr) == (3, "Taken.\nChoose another.\n")


def test_an_exit_code_comes_through() -> None:
    assert CliRunner().invoke(_mounted(7), ["part"]).exit_code == 7


def test_a_bug_is_no_message() -> None:
    assert isinstance(CliRunner().invoke(_mounted(ZeroDivisionError()), ["part"]).exception, ZeroDivisionError)


def test_a_bench_prints_one_object() -> None:
    result = CliRunner().invoke(bench, ["rules", "--cases", "3", "--json"])
    answer = json.loads(result.stdout)
    assert set(answer) == {"bench", "figures", "ratios"}
    assert answer["figures"]["cases"] == 3
    assert "replay_s" in CliRunner().invoke(bench, ["rules", "--cases", "3"]).stdout
