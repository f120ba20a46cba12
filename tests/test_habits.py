"""Habits of this project that no linter knows. See docs/development.md."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.data import ROOT

PACKAGE = ROOT / "edge_agent"
SOURCES = sorted(PACKAGE.rglob("*.py"))
INSTALLER = PACKAGE / "appliance"
ALL_SOURCES = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
CONSTRAINTS = ROOT / "config" / "constraints"
LOCKS = sorted(CONSTRAINTS.glob("*.txt"))

# What reads the wall clock. Monotonic time measures how long something took, and anybody may.
WALL_CLOCKS = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("datetime.datetime.now", "datetime.datetime.today", "datetime.date.today"),
    *("time.time", "time.time_ns", "time.gmtime", "time.localtime"),
}
DELETIONS = {"unlink", "rmtree", "rmdir", "removedirs"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def places(offends: Callable[[ast.AST], bool], *, allowed: set[str], comment: str = "") -> Iterator[str]:
    """`file:line` of every node of the services that offends, but in allowed files and on lines with the comment.

    The installer is a program of its own: it runs before there are settings or media, and never beside them.
    """
    for path in SOURCES:
        if path.relative_to(PACKAGE).as_posix() in allowed or INSTALLER in path.parents:
            continue
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(tree(path)):
            if offends(node) and not (comment and comment in lines[getattr(node, "lineno", 1) - 1]):
                yield f"{name(path)}:{getattr(node, 'lineno', 1)}"


def called(node: ast.AST) -> str:
    """The dotted name of what is called, as it stands there."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


def test_no_module_is_longer_than_400_lines() -> None:
    alone = PACKAGE / "evidence" / "verify.py"  # an auditor takes this one file along: it can't be split
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in SOURCES if path != alone}
    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_only_clock_tells_the_time() -> None:
    # A virtual camera is another device: it has a clock of its own, which can be set wrong.
    allowed = {"clock.py", "simulator/device.py"}
    assert list(places(lambda node: called(node) in WALL_CLOCKS, allowed=allowed)) == []


def test_only_settings_reads_the_environment_and_configuration() -> None:
    def reads(node: ast.AST) -> bool:
        environment = isinstance(node, ast.Attribute) and ast.unparse(node) in {
            "os.environ",
            "os.getenv",
            "os.environb",
        }
        return environment or "tomllib" in imported(node) or "configparser" in imported(node)

    # Policies are checked against their schema there; the list of face models is part of the product; OpenCV takes
    # its options from the environment alone.
    allowed = {"settings.py", "policies.py", "faces/manifest.py", "cli/benches/recorders.py"}
    assert list(places(reads, allowed=allowed)) == []


def test_only_files_deletes_media() -> None:
    """Other things may be deleted elsewhere, on a line that says so: `# not media: a temporary file`."""

    def deletes(node: ast.AST) -> bool:
        *_, verb = called(node).split(".")
        return verb in DELETIONS or called(node) in {"os.remove", "os.truncate"}

    assert list(places(deletes, allowed={"store/files.py"}, comment="# not media: ")) == []


def test_no_sql_in_commands_services_and_handlers() -> None:
    def sql(node: ast.AST) -> bool:
        return called(node).split(".")[-1] in {"execute", "executemany", "executescript"}

    handlers = ("cli/", "serve/", "web/")
    inside = {path.relative_to(PACKAGE).as_posix() for path in SOURCES}
    # The benches measure the store against bare sqlite3.
    allowed = {path for path in inside if not path.startswith(handlers) or path.startswith("cli/benches/")}
    assert list(places(sql, allowed=allowed)) == []


def test_what_runs_alone_stands_alone() -> None:
    """`model` and the installer import the standard library and themselves; the stand-alone verifier, cryptography."""
    allowed = dict.fromkeys((PACKAGE / "model").rglob("*.py"), "edge_agent.model")
    allowed |= dict.fromkeys(INSTALLER.rglob("*.py"), "edge_agent.appliance")
    allowed |= dict.fromkeys((PACKAGE / "evidence").glob("verify.py"), "cryptography")
    for path, friend in allowed.items():
        modules = [module for node in ast.walk(tree(path)) for module in imported(node)]
        foreign = [module for module in modules if module.split(".")[0] not in sys.stdlib_module_names]
        assert [module for module in foreign if not module.startswith(friend)] == [], name(path)


@pytest.mark.parametrize(
    ("exception", "with_reason"),
    [
        ("# noqa", re.compile(r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \w.+")),
        ("# type: ignore", re.compile(r"# type: ignore\[[a-z-]+(, ?[a-z-]+)*\] {1,2}# \w.+")),
        ("# shellcheck disable", re.compile(r"# shellcheck disable=SC\d+ # \w.+")),
    ],
)
def test_every_exception_from_a_rule_has_a_reason(exception: str, with_reason: re.Pattern[str]) -> None:
    scripts = [ROOT / each for each in ("install.sh", "config/constraints/compile.sh", "systemd/bin/edge-agent")]
    bare = [
        f"{name(path)}:{number}"
        for path in [*ALL_SOURCES, *scripts]
        if path != Path(__file__)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if exception in line and not with_reason.search(line)
    ]
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_pins_name_no_index_and_carry_sums(lock: Path) -> None:
    lines = [line for line in lock.read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in lines if "://" in line or "index" in line.split("==")[0] or "find-links" in line] == []
    pins = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    assert pins
    assert [lines[number] for number in pins if "--hash=sha256:" not in lines[number + 1]] == []


def test_node_pins_name_no_registry_and_carry_sums() -> None:
    lock = json.loads((ROOT / "tests" / "peers" / "package-lock.json").read_text("utf-8"))
    packages = [package for path, package in lock["packages"].items() if path]
    assert packages
    assert [package for package in packages if "resolved" in package or "integrity" not in package] == []


@pytest.mark.parametrize(("lock", "extra"), [("runtime.txt", ""), ("test.txt", "test"), ("dlib.txt", "dlib")])
def test_pins_hold_every_dependency(lock: str, extra: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [Requirement(text) for text in project["dependencies"] + project["optional-dependencies"].get(extra, [])]
    pins = re.findall(r"^([a-z0-9.-]+)==([^ ]+)", (CONSTRAINTS / lock).read_text("utf-8"), re.MULTILINE)
    assert pins
    for requirement in wanted:
        plain = re.sub(r"[-_.]+", "-", requirement.name).lower()
        versions = [version for package, version in pins if package == plain]
        fits = [version for version in versions if requirement.specifier.contains(version, prereleases=True)]
        assert fits or plain == project["name"].replace("_", "-"), f"run config/constraints/compile.sh: {requirement}"
