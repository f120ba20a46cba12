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
_BRACKETED = re.compile(r"[(（]([^()（）]*[一-鿿][^()（）]*)[)）]")
_SENTENCES = re.compile(r"(?P<zh>[^/]*[。！？])\s*(?P<en>[A-Z].*)", re.DOTALL)
# A key or path may stand before the two, as in `start: 应为时间 / must be a time`, and `;` before the next.
_PAIR = re.compile(r"(?P<zh>[^\s:：;；/][^:：;；/]*[一-鿿][^:：;；/]*?|[一-鿿])\s*/ (?P<en>[^;；]*)")


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
    """Give an error's message in one language.

    It says both: `Chinese / English`, English with the Chinese in brackets, or a Chinese sentence before an English
    one. What says one of them alone is given as it is, since half a message is better than none; `api.mjs` does the
    same.
    """
    chinese = language == SOURCE
    if sentences := _SENTENCES.fullmatch(message):
        return sentences["zh" if chinese else "en"]
    message, pairs = _PAIR.subn(r"\g<zh>" if chinese else r"\g<en>", message)
    if chinese:
        return message if pairs else "；".join(_BRACKETED.findall(message)) or message
    return " ".join(_BRACKETED.sub("", message).split()).replace(" .", ".").replace(" ;", ";").replace(" :", ":")
