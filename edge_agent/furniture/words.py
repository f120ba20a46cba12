"""Words for people: Chinese in the sources, other languages in gettext catalogues beside them.

The catalogues are read as they are (`*.po`), so that there is nothing to compile and nothing to forget.
"""

from __future__ import annotations

import gettext
import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE = "zh_CN"


def languages() -> dict[str, str]:
    """Give the languages with their own names, the first one first."""
    return {SOURCE: "中文", "en": "English"}


@cache
def catalogue(locales: Path, language: str) -> gettext.NullTranslations:
    """Give the catalogue of a language out of a folder; an unknown one speaks Chinese."""
    file = locales / language / "LC_MESSAGES" / "messages.po"
    if language not in languages() or not file.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as stream:
        write_mo(compiled, read_po(stream, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def mark(text: str) -> str:
    """Mark words for the catalogue where they are said later."""
    return text
