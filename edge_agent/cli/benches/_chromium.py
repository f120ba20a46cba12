"""The distribution's Chromium, headless, with a camera that plays a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.errors import DeviceError
from edge_agent.simulator.process import find_program

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

SIZE = (1280, 800)
_FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@contextmanager
def chromium(camera: Path | None = None) -> Iterator[BrowserContext]:
    """Give a context of a browser; `camera` is an MJPEG file, played at 30 frames a second in a loop."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise DeviceError(
            "playwright is not installed (未安装 playwright).", do="Run: pip install 'edge_agent[test]'"
        ) from None
    program = find_program("chromium") or find_program("chromium-browser")
    if program is None:
        raise DeviceError("Chromium is not installed (未安装 Chromium).", do="Run: apt install chromium")
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    flags += [f"--use-file-for-fake-video-capture={camera}"] if camera else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            with browser.new_context(locale="zh-CN", viewport={"width": SIZE[0], "height": SIZE[1]}) as context:
                yield context
        finally:
            browser.close()
