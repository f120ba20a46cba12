"""What a person is told, Chinese first: what happened, and what to do about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent import errors
from edge_agent.errors import EdgeAgentError
from tests.data import ROOT

PACKAGE = ROOT / "edge_agent"
FAMILY = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, EdgeAgentError)}

# The core, whose errors come up in every command and on every page.
CORE = [
    *(path for folder in ("store", "intake", "rules", "model") for path in sorted((PACKAGE / folder).rglob("*.py"))),
    *(PACKAGE / f"{module}.py" for module in ("clock", "policies", "secrets", "settings")),
    *(PACKAGE / "cli" / f"{module}.py" for module in ("cases", "intake", "rules", "store", "timetables")),
]


def raised(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in FAMILY:
            yield node


def written(node: ast.expr) -> str:
    """The letters that stand in a text itself; what is put into it is not known here."""
    parts = ast.walk(node)
    return "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_errors_are_said_in_both_languages_with_what_to_do(path: Path) -> None:
    for call in raised(path):
        texts = [call.args[0], *(keyword.value for keyword in call.keywords if keyword.arg == "do")]
        place = f"{path.name}:{call.lineno}"
        assert len(texts) == 2, f"{place} doesn't say what to do"
        for text in texts:
            said = written(text)
            if not re.search("[a-zA-Z一-鿿]", said):
                continue  # the words come from elsewhere
            assert re.search("[一-鿿]", said), f"{place}: {said}"
            assert re.search("[a-zA-Z]{3}", said), f"{place}: {said}"
