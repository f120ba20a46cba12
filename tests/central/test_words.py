"""The English catalogue of the centre is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from edge_agent import central, furniture
from edge_agent.central.pages.guard import PAGES
from edge_agent.furniture.pages import WEEKDAYS
from tests.web.test_words import PLACEHOLDER


def said() -> Iterator[str]:
    with (PAGES.locales / "babel.cfg").open() as stream:
        mapping, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]  # babel has no types there
    for package in (central, furniture):
        folder = Path(package.__file__ or "").parent
        for *_, message, _, _ in extract_from_dir(folder, mapping, options, {"_": None, "gettext": None, "mark": None}):
            yield str(message)
    yield from WEEKDAYS


def test_everything_is_translated_and_nothing_else() -> None:
    with (PAGES.locales / "en" / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        known = {str(message.id): str(message.string) for message in read_po(stream, locale="en") if message.id}
    wanted = set(said())
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == []
    assert [text for text, english in known.items() if not english] == []
    for text, english in known.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english)), text
