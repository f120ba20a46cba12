"""The agent's words."""

from __future__ import annotations

import gettext
from pathlib import Path

from edge_agent.furniture.words import SOURCE, catalogue, languages, mark

__all__ = ["LOCALES", "SOURCE", "languages", "mark", "words"]

LOCALES = Path(__file__).parent / "locale"


def words(language: str) -> gettext.NullTranslations:
    """Give the catalogue of a language; an unknown one speaks Chinese."""
    return catalogue(LOCALES, language)
