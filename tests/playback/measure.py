"""How long Chromium takes to open a lesson of 45 minutes and to seek to 40:00: `python -m tests.playback.measure`."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.playback.theatre import START, segment, theatre
from tests.servers import chromium

ROUNDS = 5
SEEK = """(to) => new Promise((resolve) => {
  const began = performance.now();
  playback.video.addEventListener("seeked", () => resolve(performance.now() - began), { once: true });
  playback.video.currentTime = to;
})"""


def measure(folder: Path, how: str) -> tuple[float, float]:
    """Give the medians in seconds: from asking for the page to its first picture, and of the seek."""
    opened, sought = [], []
    source = segment(folder, size="1920x1080")
    with theatre(folder) as house, chromium() as browser:
        house.add(source, [START + number * timedelta(minutes=1) for number in range(45)])
        for _ in range(ROUNDS):
            page = browser.new_page()
            began = time.perf_counter()
            page.goto(f"{house.url}/player.html?lesson=A{how}", wait_until="commit")
            page.wait_for_function("window.playback?.video.readyState >= 2", polling=5)
            opened.append(time.perf_counter() - began)
            sought.append(page.evaluate(SEEK, 40 * 60) / 1000)
            page.close()
    return statistics.median(opened), statistics.median(sought)


if __name__ == "__main__":
    for name, how in (("HLS", ""), ("MSE", "&hls=0")):
        with tempfile.TemporaryDirectory() as folder:
            opened, sought = measure(Path(folder), how)
        sys.stdout.write(f"{name}: opened in {opened:.2f} s, sought 40:00 in {sought:.2f} s\n")
