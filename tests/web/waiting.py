"""Waiting for a page whose own policy forbids the `eval` with which Playwright waits for a function."""

from __future__ import annotations

from playwright.sync_api import Page


def until(page: Page, condition: str, *, seconds: float = 30) -> None:
    """Wait until the JavaScript expression `condition` is true. Raises Playwright's `Error` that quotes it."""
    page.evaluate(
        f"""(seconds) => new Promise((done, fail) => {{
          const end = performance.now() + seconds * 1000;
          const look = () => {{
            if ({condition}) done();
            else if (performance.now() > end) fail(new Error({condition!r} + ' stays false'));
            else setTimeout(look, 50);
          }};
          look();
        }})""",
        seconds,
    )
