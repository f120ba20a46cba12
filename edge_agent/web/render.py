"""The agent's pages: its own templates, words and static files, on the furniture that the centre has too."""

from __future__ import annotations

from pathlib import Path

from edge_agent.furniture.pages import Pages, masked

__all__ = ["PAGES", "environment", "masked"]

PAGES = Pages(Path(__file__).parent)
environment = PAGES.environment
