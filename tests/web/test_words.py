"""The English catalogue is whole: every word of pages, kiosk and verdicts, with the same placeholders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from edge_agent import furniture
from edge_agent.evidence import words as verdicts
from edge_agent.furniture.pages import WEEKDAYS
from edge_agent.web import words

FOLDERS = [Path(package.__file__ or "").parent for package in (words, furniture)]
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}")


def said() -> Iterator[str]:
    """Every text that a page says, by the same configuration that pybabel takes."""
    with (words.LOCALES / "babel.cfg").open() as stream:
        mapping, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]  # babel has no types there
    keywords = {"_": None, "gettext": None, "mark": None}
    for folder in FOLDERS:
        for *_, message, _, _ in extract_from_dir(folder, mapping, options, keywords):
            yield str(message)
    for texts in (verdicts.SLOTS, verdicts.REASONS, verdicts.CAUSES, verdicts.REMEDIES, verdicts.FATES, verdicts.VOIDS):
        yield from map(str, texts.values())
    yield from (verdicts.UNIT, verdicts.PERIOD, verdicts.CLIP, verdicts.AND, verdicts.WHY)
    yield from (verdicts.MINUTES, verdicts.SECONDS, *WEEKDAYS)


def catalogue() -> dict[str, str]:
    with (words.LOCALES / "en" / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return {str(message.id): str(message.string) for message in read_po(stream, locale="en") if message.id}


def test_everything_is_translated_and_nothing_else() -> None:
    known = catalogue()
    wanted = set(said())
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == []
    assert [text for text, english in known.items() if not english] == []


def test_placeholders_are_the_same() -> None:
    wrong = {
        text: english
        for text, english in catalogue().items()
        if sorted(PLACEHOLDER.findall(text)) != sorted(PLACEHOLDER.findall(english))
    }
    assert wrong == {}


@pytest.mark.parametrize(("language", "text"), [("en", "Signed in"), ("zh_CN", "签到成功"), ("xx", "签到成功")])
def test_an_unknown_language_speaks_chinese(language: str, text: str) -> None:
    assert words.words(language).gettext("签到成功") == text
