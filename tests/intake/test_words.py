"""The words of problems, and the page that lists them."""

from __future__ import annotations

import re
import string

import pytest

from edge_agent.intake import columns
from edge_agent.intake.table import Layout, normal
from edge_agent.intake.words import MESSAGES
from tests.data import ROOT

PAGE = (ROOT / "docs" / "intake.md").read_text("utf-8")
SOURCES = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "edge_agent" / "intake").glob("*.py")))
LAYOUTS = {name: layout for name, layout in vars(columns).items() if isinstance(layout, Layout)}


def fields(text: str) -> set[str]:
    """A figure that is worded differently in English has `_en` at its name's end."""
    return {name.removesuffix("_en") for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", MESSAGES)
def test_both_languages_say_the_same_figures(code: str) -> None:
    message = MESSAGES[code]
    assert fields(message.en) == fields(message.zh)
    assert message.en.isprintable()
    assert re.search("[\u4e00-\u9fff]", message.zh)


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_is_raised_somewhere(code: str) -> None:
    assert f'"{code}"' in SOURCES


@pytest.mark.parametrize("code", MESSAGES)
def test_every_code_is_documented(code: str) -> None:
    assert re.search(rf"^\| `{code}` \|", PAGE, re.MULTILINE)


def test_the_page_lists_no_code_that_is_gone() -> None:
    listed = set(re.findall(r"^\| `([a-z0-9_]+)` \|", PAGE, re.MULTILINE))
    assert listed == set(MESSAGES)


@pytest.mark.parametrize("name", LAYOUTS)
def test_no_heading_means_two_columns(name: str) -> None:
    for group in (LAYOUTS[name].fields, LAYOUTS[name].labels):
        aliases = [normal(alias) for field in group for alias in field.aliases]
        assert len(aliases) == len(set(aliases))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_heading_is_documented(name: str) -> None:
    missing = [alias for field in LAYOUTS[name].fields for alias in field.aliases if alias not in PAGE]
    assert not missing
