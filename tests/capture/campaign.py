"""The kill campaign: `python -m tests.capture.campaign --kills 100` runs it at length.

The capture service, a process as on a device, records a virtual camera and is killed with SIGKILL in mid-segment, again
and again. At the end everything that it left must play, and what is missing must be on the record.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

from edge_agent.simulator import StreamSpec, VirtualCamera
from edge_agent.store.mp4 import read_index
from tests.capture.house import House, open_house, write_config
from tests.capture.rig import missing, play, wait_for

ROOT = Path(__file__).parents[2]
SPEC = StreamSpec(width=320, height=180, fps=25, kbps=200, seconds=10)
LOOP = SPEC.fps * SPEC.seconds
HEADER = 2000  # bytes; more than ftyp and moov


@dataclass
class Result:
    """`lost` is, for each kill, the seconds of video that had come and were not kept; `played` segments were decoded
    whole, and `gaps` are on the record.
    """

    kills: int = 0
    played: int = 0
    gaps: int = 0
    lost: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextmanager
def service(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "edge_agent", "serve", "capture"]
    env = {**os.environ, "EDGE_AGENT_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    with (config.parent / "service.log").open("ab") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(30)


def run_campaign(folder: Path, *, kills: int, seed: int, longest: float = 3.0) -> Result:
    """`longest` is the longest life in seconds, from its first fragment on."""
    chance, result = random.Random(seed), Result()  # noqa: S311 - chance, not a secret
    with open_house(folder, period=3000, segment=600) as house, VirtualCamera(main=SPEC) as camera:
        config = write_config(folder, house.agent.settings)
        house.bind(camera.rtsp_url)
        house.add_lesson(starts_in=0)
        parts = house.agent.files.root / "recording" / ".tmp"
        for _ in range(kills):
            known = set(parts.glob("*"))
            with service(config) as process:
                wait_for(partial(_has_begun, parts, known), "a segment")
                result.lost.append(_live_and_die(process, _begun(parts, known), chance.uniform(0.6, longest)))
            result.kills += 1
        begun = len(house.facts("recording.started"))
        with service(config):
            wait_for(lambda: len(house.segments()) >= kills, "the last torn segment")
            wait_for(lambda: len(house.facts("recording.started")) > begun, "the recording")
            wait_for(lambda: all(gap.end for gap in house.gaps()), "the last gap's end")
        check(house, result)
    return result


def _live_and_die(process: subprocess.Popen[bytes], part: Path, seconds: float) -> float:
    """Kill it after so many seconds; give how many seconds of video that had come by then are not in the file.

    The file is freshest just after a fragment was written: how far its length then was behind the time tells what
    its length should have been at the kill.
    """
    end = time.monotonic() + seconds
    ahead = -math.inf
    while (now := time.monotonic()) < end:
        ahead = max(ahead, read_index(part).length - now)
        time.sleep(0.02)
    killed = time.monotonic()
    process.kill()
    process.wait()
    return killed + ahead - read_index(part).length


def _has_begun(parts: Path, known: set[Path]) -> bool:
    return any(part.stat().st_size > HEADER for part in set(parts.glob("*")) - known)


def _begun(parts: Path, known: set[Path]) -> Path:
    """Give the segment of this life."""
    return next(part for part in set(parts.glob("*")) - known if part.stat().st_size > HEADER)


def check(house: House, result: Result) -> None:
    """Everything that was left plays, and what is missing between two segments is on the record."""
    rows = house.segments()
    for row in rows:
        shown = play(house.path(row))
        result.played += 1
        if not shown.times or missing(list(shown.stamps), LOOP):
            result.problems.append(
                f"{row.path}: {len(shown.times)} pictures, {missing(list(shown.stamps), LOOP)} missing"
            )
    noted = {(gap.start, gap.end): gap.cause for gap in house.gaps()}
    result.gaps = len(noted)
    for before, after in pairwise(rows):
        cause = noted.get((before.end, after.start))
        if after.start - before.end > timedelta(seconds=1) and cause != "service_down":
            result.problems.append(f"{before.end} to {after.start}: noted as {cause}")
    if list((house.agent.files.root / "recording" / ".tmp").iterdir()):
        result.problems.append("leftovers in the temporary folder")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run_campaign(Path(folder), kills=given.kills, seed=given.seed, longest=12)
    average = sum(result.lost) / len(result.lost)
    sys.stdout.write(f"{result.kills} kills, lost at most {max(result.lost):.2f} s, on average {average:.2f} s\n")
    sys.stdout.write(f"{result.played} segments decoded, {result.gaps} gaps\n")
    sys.stdout.write("\n".join(result.problems) or "every segment plays, every gap is on the record\n")
    sys.exit(bool(result.problems) or max(result.lost) > 1)


if __name__ == "__main__":
    main()
