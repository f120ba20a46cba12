"""Words for people: Chinese in the sources, other languages in gettext catalogues beside them.

The catalogues are read as they are (`*.po`), so that there is nothing to compile and nothing to forget.
"""

from __future__ import annotations

import gettext
import io
import re
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

SOURCE = "zh_CN"
_BOTH = re.compile(r"(.*?[一-鿿].*?)\s*/ (.+)", re.DOTALL)
_CHINESE = re.compile(r"[(（]([^()（）]*[一-鿿][^()（）]*)[)）]")


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


def is_chinese(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)


def spoken(message: str, language: str) -> str:
    """Give an error's message in one language: it is English with the Chinese in brackets, or `Chinese / English`.

    What has no Chinese is given as it is, since half a message is better than none; `api.mjs` does the same.
    """
    if both := _BOTH.fullmatch(message):
        return both[1 if language == SOURCE else 2]
    chinese = _CHINESE.findall(message)
    if language == SOURCE:
        return "；".join(chinese) or message
    return " ".join(_CHINESE.sub("", message).split()).replace(" .", ".").replace(" ;", ";").replace(" :", ":")
