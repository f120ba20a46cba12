"""The documents agree with the code: commands, metrics, links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge_agent.cli.bench import BENCHES
from edge_agent.cli.main import COMMANDS
from tests.central import pictures as central_pictures
from tests.web import pictures as web_pictures

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_pages_name_exist(page: Path) -> None:
    for name in re.findall(r"edge-agent ([a-z][a-z-]+)", page.read_text()):
        assert name in COMMANDS, f"{page.name} names edge-agent {name}"
    for name in re.findall(r"edge-agent bench ([a-z]+)", page.read_text()):
        assert name in BENCHES, f"{page.name} names edge-agent bench {name}"


def test_every_command_stands_in_a_page() -> None:
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in COMMANDS if f"edge-agent {name}" not in text] == []


def test_every_picture_is_made_by_a_command() -> None:
    languages = [language.partition("_")[0] for language in web_pictures.LANGUAGES]

    def files(names: Iterable[str]) -> set[str]:
        return {f"{name}-{language}.png" for name in names for language in languages}

    there = {file.name for file in web_pictures.PICTURES.iterdir()}
    central = {name for name in there if name.startswith("central-")}
    assert there - central == files({*(name for name, _, _ in web_pictures.SHOTS), *web_pictures.OTHERS})
    assert central <= files(f"central-{name}" for name in central_pictures.SHOTS)


def test_the_dashboard_shows_the_metrics_that_are_written() -> None:
    source = (ROOT / "edge_agent/upkeep/metrics.py").read_text()
    written = set(re.findall(r'"(?:edge_agent_)?([a-z_]+)",\s+"[A-Z1]', source))
    board = json.loads((ROOT / "config/grafana-dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    assert set(re.findall(r"edge_agent_([a-z_]+)", asked)) == written


def test_every_prompt_of_the_kiosk_is_explained_to_its_operators() -> None:
    """The manual promises it: what stands on the kiosk's screen is found there, whatever time or lesson it names."""
    manual = (ROOT / "docs/操作手册.md").read_text("utf-8")
    source = "".join(path.read_text("utf-8") for path in sorted((ROOT / "edge_agent/web/kiosk").glob("*.py")))
    prompts = set(re.findall(r'_\("([^"]{2,})"', source))
    assert len(prompts) > 30

    def explained(prompt: str) -> bool:
        fixed = [re.escape(part) for part in re.split(r"%\(\w+\)s", prompt)]
        return re.search(r"[0-9:n第节]+?".join(fixed), manual) is not None

    assert sorted(prompt for prompt in prompts if not explained(prompt)) == []
